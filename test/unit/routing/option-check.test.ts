import type { OptionsSchema } from '../../../src/conversion/catalogue.js';
import type { StepWish } from '../../../src/conversion/provider.js';
import { dropped, exactly, nearly, optionRows } from '../../../src/conversion/unified-options.js';
import { checkOptions } from '../../../src/routing/option-check.js';
import { optionErrors } from '../../../src/routing/option-errors.js';
import { plan } from '../../../src/routing/plan.js';
import type { Candidate, PlanStep } from '../../../src/routing/plan-step.js';

const provider = {
  adapter: 'vendor',
  options: optionRows(new Map([['quality', exactly('q')], ['width', nearly('w', 'Roughly.')], ['rotate', dropped('It cannot turn.')]]), new Map([['compress level', dropped('It has one level.')]])),
};
const schema = (properties: OptionsSchema['properties'], additionalProperties = false): OptionsSchema => ({ type: 'object', properties, additionalProperties });
const CLOSED = schema({ q: { type: 'integer', maximum: 90 }, color: { enum: ['gray'] } });
const wish = (options: object, more: Partial<StepWish> = {}): StepWish => ({ operation: 'convert', from: null, parameters: { to: 'png' }, options: options as StepWish['options'], ...more });
const kinds = (taken: OptionsSchema | null, asked: StepWish) => checkOptions(provider, taken, asked).map(({ place, option, kind }) => `${place} ${option} ${kind}`);

describe('a step\'s options at one provider', () => {
  it('are followed, roughly followed, or lost, as its rows say', () => {
    expect(kinds(null, wish({ quality: 80, width: 3, rotate: 90 }))).toEqual(['options width approximate', 'options rotate dropped']);
    expect(kinds(null, wish({}, { operation: 'compress', parameters: { level: 'high' } }))).toEqual([' level dropped']);
  });

  it('have values that its catalogue takes, with those in the message', () => {
    const verdicts = checkOptions(provider, CLOSED, wish({ quality: 91, color: 'grey' }));
    expect(verdicts).toEqual([
      { place: 'options', option: 'quality', kind: 'refused', message: '"quality", there "q",: Must be a whole number of at most 90.' },
      { place: 'options', option: 'color', kind: 'refused', message: '"color": Must be "gray".' },
    ]);
    expect(kinds(CLOSED, wish({ quality: 90, color: 'gray' }))).toEqual([]);
  });

  it('that are words of its own are known to it, unless its catalogue is known and they are not in it', () => {
    expect(kinds(null, wish({ colour: 'gray' }))).toEqual([]);
    expect(kinds(schema({}, true), wish({ colour: 'gray' }))).toEqual([]);
    expect(checkOptions(provider, CLOSED, wish({ colour: 'gray' }))).toMatchObject([{ kind: 'dropped', stranger: true, message: expect.stringContaining('did you mean "color"?') as string }]);
  });

  it('for its adapter are looked at, those for another are not', () => {
    expect(kinds(CLOSED, wish({}, { adapterOptions: { vendor: { q: 91, strange: 1 }, other: { q: 'x' } } }))).toEqual(['providerOptions/vendor q refused']);
  });
});

const candidate = (id: string, taken: OptionsSchema | null, more: Partial<Candidate> = {}): Candidate => ({
  id, wholeGraph: true, offers: () => ({ offered: true }), takes: () => ({ offered: true }), delivers: () => ({ offered: true }), price: () => null, seconds: () => 1,
  judge: (asked) => checkOptions(provider, taken, asked), ...more,
});
const step = (asked: StepWish): PlanStep => ({ id: 's', inputs: ['file'], wishes: [asked], files: [], exports: [], consumed: false });

describe('the plan', () => {
  it('goes where fewer options are lost, at the same price', () => {
    const lossless = { options: optionRows(new Map([['rotate', exactly('turn')]]), new Map()), adapter: 'other' };
    const other = candidate('other', null, { judge: (asked) => checkOptions(lossless, null, asked) });
    expect(plan([step(wish({ rotate: 90 }))], [candidate('first', null), other])).toMatchObject({ stages: [{ provider: 'other', losses: [] }] });
    expect(plan([step(wish({}))], [candidate('first', null), other])).toMatchObject({ stages: [{ provider: 'first' }] });
  });

  it('carries what is lost, each option once', () => {
    const twice: PlanStep = { ...step(wish({ rotate: 90, width: 3 })), wishes: [wish({ rotate: 90, width: 3 }, { from: 'jpg' }), wish({ rotate: 90, width: 3 }, { from: 'gif' })] };
    expect(plan([twice], [candidate('only', null)])).toMatchObject({ stages: [{ losses: [{ step: 's', option: 'rotate', kind: 'dropped', message: 'It cannot turn.' }, { step: 's', option: 'width', kind: 'approximate' }] }] });
  });

  it('leaves out who does not take a value, and tells where it stands when nobody does', () => {
    expect(plan([step(wish({ quality: 91 }))], [candidate('narrow', CLOSED), candidate('wide', null)])).toMatchObject({ stages: [{ provider: 'wide' }] });
    expect(plan([step(wish({ quality: 91 }))], [candidate('narrow', CLOSED)])).toMatchObject({ refusals: [{ step: 's', provider: 'narrow', at: '/options/quality' }] });
  });
});

describe('what is wrong with a step\'s options whoever runs it', () => {
  const errors = (asked: StepWish, candidates: readonly Candidate[], others: readonly Candidate[] = []) => optionErrors([step(asked)], candidates, others);
  const stranger = wish({ 'a/b': 1 });

  it('is an option that nobody has; one that somebody may have is none', () => {
    expect(errors(stranger, [candidate('one', CLOSED), candidate('two', CLOSED)])).toMatchObject([{ step: 's', pointer: '/options/a~1b', message: expect.stringMatching(/one: .*two: /) as string }]);
    expect(errors(stranger, [candidate('one', CLOSED), candidate('two', null)])).toEqual([]);
    expect(errors(stranger, [candidate('one', CLOSED), candidate('unable', null, { offers: () => ({ offered: false, reason: 'No.' }) })])).toHaveLength(1);
    expect(errors(stranger, [candidate('unable', CLOSED, { offers: () => ({ offered: false, reason: 'No.' }) })])).toEqual([]);
  });

  it('names the provider that it was meant for, where the caller left that one out', () => {
    expect(errors(stranger, [candidate('one', CLOSED)], [candidate('two', null)])[0]?.message).toContain('It is an option of two.');
  });

  it('is a value for an adapter that it does not take, although others might run the step', () => {
    expect(errors(wish({}, { adapterOptions: { vendor: { q: 91 } } }), [candidate('one', CLOSED), candidate('two', null)])).toEqual([{ step: 's', pointer: '/providerOptions/vendor/q', message: 'one: "q": Must be a whole number of at most 90.' }]);
  });
});
