import { Decimal } from 'decimal.js';
import type { StepWish } from '../../../src/conversion/provider.js';
import type { JobInput, Step } from '../../../src/conversion/job-graph.js';
import { plan } from '../../../src/routing/plan.js';
import type { Candidate, PlanStep } from '../../../src/routing/plan-step.js';
import { moneyFor, priceOf, type Price, type Pricing } from '../../../src/routing/pricing.js';
import { formatsOf } from '../../../src/conversion/graph-formats.js';
import { planSteps } from '../../../src/routing/wishes.js';

const wish = (operation: string, to?: string, from: string | null = null): StepWish => ({ operation, from, parameters: to === undefined ? {} : { to }, options: {} });
const planStep = (id: string, operation: string, inputs: readonly string[] = ['file']): PlanStep => ({ id, inputs, wishes: [wish(operation)], files: [], exports: [], consumed: false });

function priced(text: string): Price {
  const amount = new Decimal(text);
  return { amount, least: amount, most: amount, basis: 'table' };
}

const byTable = (pricing: Pricing | null, asked: StepWish): Price | null => priceOf(asked, { pricing, vendor: () => null, learned: () => null });

/** Offers the operations of `prices`; null: at a price nobody knows. */
const candidate = (id: string, prices: Readonly<Record<string, string | null>>, wholeGraph = true): Candidate => ({
  id,
  wholeGraph,
  offers: ({ operation }) => (operation in prices ? { offered: true } : { offered: false, reason: `${id} has no ${operation}.` }),
  takes: () => ({ offered: true }),
  delivers: () => ({ offered: true }),
  judge: () => [],
  price: ({ operation }) => (typeof prices[operation] === 'string' ? priced(prices[operation]) : null),
  seconds: () => 1,
});

const providersOf = (result: ReturnType<typeof plan>) => ('stages' in result ? result.stages.map(({ provider, stepIds }) => [provider, stepIds]) : result);

describe('who gets a job', () => {
  it('whoever does it at the lowest price, split where that is cheaper', () => {
    const steps = [planStep('a', 'convert'), planStep('b', 'compress', ['a'])];
    const dear = candidate('dear', { convert: '0.02', compress: '0.02' });
    const cheap = candidate('cheap', { convert: '0.01', compress: '0.015' });
    const odd = candidate('odd', { convert: '0.03', compress: '0.001' });
    expect(providersOf(plan(steps, [dear, cheap]))).toEqual([['cheap', ['a', 'b']]]);
    expect(providersOf(plan(steps, [dear, odd]))).toEqual([['dear', ['a']], ['odd', ['b']]]);
  });

  it('at the same price, where the files are already', () => {
    const steps = [planStep('a', 'ocr'), planStep('b', 'convert', ['a'])];
    const first = candidate('first', { convert: '1' });
    const reader = candidate('reader', { ocr: '1', convert: '1.0' });
    expect(providersOf(plan(steps, [first, reader]))).toEqual([['reader', ['a', 'b']]]);
  });

  it('a tie goes to the first, an unknown price comes last, and only unknown prices are a tie too', () => {
    const steps = [planStep('a', 'convert')];
    const [one, two] = [candidate('one', { convert: '0.1' }), candidate('two', { convert: '0.10' })];
    const [unknown, other] = [candidate('unknown', { convert: null }), candidate('other', { convert: null })];
    expect(providersOf(plan(steps, [one, two]))).toEqual([['one', ['a']]]);
    expect(providersOf(plan(steps, [two, one]))).toEqual([['two', ['a']]]);
    expect(providersOf(plan(steps, [unknown, one]))).toEqual([['one', ['a']]]);
    expect(providersOf(plan(steps, [unknown, other]))).toEqual([['unknown', ['a']]]);
  });

  it('split where nobody offers all of it', () => {
    const steps = [planStep('a', 'ocr'), planStep('b', 'convert', ['a']), planStep('c', 'resize', ['b'])];
    const reader = candidate('reader', { ocr: '1', convert: null });
    const painter = candidate('painter', { convert: null, resize: '1' });
    expect(providersOf(plan(steps, [reader, painter]))).toEqual([['reader', ['a', 'b']], ['painter', ['c']]]);
  });

  it('nobody, when one step is offered by nobody: and only that step\'s refusals are told', () => {
    const steps = [planStep('a', 'convert'), planStep('b', 'conjure')];
    const result = plan(steps, [candidate('one', { convert: '1' }), candidate('two', {})]);
    expect(result).toEqual({ refusals: [{ step: 'b', provider: 'one', code: 'capability', reason: 'one has no conjure.' }, { step: 'b', provider: 'two', code: 'capability', reason: 'two has no conjure.' }] });
  });

  it('nobody, when there is nobody', () => {
    expect(plan([planStep('a', 'convert')], [])).toEqual({ refusals: [] });
  });

  it('a step is offered only when every format that goes in is', () => {
    const picky: Candidate = { ...candidate('picky', { convert: '1' }), offers: ({ from }) => (from === 'jpg' ? { offered: true } : { offered: false, reason: `not from ${from}` }) };
    const step: PlanStep = { id: 'a', inputs: ['x', 'y'], wishes: [wish('convert', 'png', 'jpg'), wish('convert', 'png', 'mp3')], files: [], exports: [], consumed: false };
    expect(plan([step], [picky])).toEqual({ refusals: [{ step: 'a', provider: 'picky', code: 'capability', reason: 'not from mp3' }] });
  });
});

describe('the price table', () => {
  const pricing: Pricing = {
    currency: 'USD',
    perCredit: '0.0200',
    credits: [
      { operation: 'convert', from: '*', to: 'PNG', credits: 1 },
      { operation: 'convert', from: 'jpeg', credits: 3 },
      { operation: 'convert', category: 'video', creditsPerMinute: 5 },
      { operation: 'merge', credits: 0 },
      { operation: '*', credits: 2 },
    ],
  };

  it.each<[what: string, wish: StepWish, price: string]>([
    ['the first row that matches counts', wish('convert', 'png', 'jpg'), '0.0200'],
    ['formats match in any spelling', wish('convert', 'webp', 'jpg'), '0.0600'],
    ['a category is that of the target', wish('convert', 'mp4', 'mov'), '0.1000'],
    ['nothing may cost nothing', wish('merge', 'pdf'), '0.0000'],
    ['a star matches the rest', wish('ocr'), '0.0400'],
    ['a source nobody knows matches no source', wish('convert', 'webp'), '0.0400'],
    ['without a target, a category is that of the source', wish('compress', undefined, 'mov'), '0.0400'],
    ['each file is paid', { ...wish('convert', 'png', 'jpg'), files: { least: 3, most: 3 } }, '0.0600'],
    ['what becomes one is paid once', { ...wish('archive', 'zip', 'jpg'), files: { least: 3, most: 3 } }, '0.0400'],
  ])('%s', (_, asked, price) => {
    expect(byTable(pricing, asked)?.amount.toFixed(4)).toBe(price);
  });

  it('is unknown without a table, or a row', () => {
    expect(byTable(null, wish('convert', 'png'))).toBeNull();
    expect(byTable({ ...pricing, credits: [{ operation: 'merge', credits: 1 }] }, wish('convert', 'png'))).toBeNull();
  });

  it('credits become money without losing a hundredth of a cent', () => {
    expect(moneyFor(pricing, 3)).toBe('0.0600');
    expect(moneyFor({ ...pricing, perCredit: '0.1' }, 3)).toBe('0.3000');
    expect(moneyFor(pricing, 0)).toBe('0.0000');
    expect(moneyFor(pricing, null)).toBeNull();
    expect(moneyFor(null, 3)).toBeNull();
  });
});

describe('what is asked of a provider', () => {
  const inputs: JobInput[] = [
    { id: 'named', type: 'upload', filename: 'a.TIF' },
    { id: 'linked', type: 'url', url: 'https://example.com/b.jpeg?x', fetch: 'provider' },
    { id: 'dark', type: 'upload' },
  ];
  const step = (id: string, operation: string, from: readonly string[], parameters: Step['parameters'] = {}): Step => ({ id, operation, inputs: from, parameters, options: {}, providerOptions: {} });
  const froms = (steps: readonly Step[]) => planSteps({ inputs, exports: [] }, steps, formatsOf(inputs, steps)).map(({ id, wishes }) => [id, wishes.map(({ from }) => from)]);

  it('formats are followed from names and addresses through the steps', () => {
    const steps = [step('small', 'compress', ['named', 'linked']), step('page', 'convert', ['small'], { to: 'pdf' }), step('all', 'merge', ['page', 'dark'], { to: 'pdf' }), step('text', 'ocr', ['all']), step('end', 'convert', ['text'], { to: 'txt' })];
    expect(froms(steps)).toEqual([['small', ['tiff', 'jpg']], ['page', ['tiff', 'jpg']], ['all', ['pdf', null]], ['text', ['pdf']], ['end', [null]]]);
  });

  it('what the caller says of the source wins; what takes no file has no source', () => {
    expect(froms([step('a', 'convert', ['named'], { to: 'png', from: 'jpg' }), step('b', 'capture', [], { to: 'png' }), step('c', 'compress', ['b'])])).toEqual([['a', ['jpg']], ['b', [null]], ['c', ['png']]]);
  });
});
