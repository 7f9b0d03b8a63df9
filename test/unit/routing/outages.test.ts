import type { Candidate } from '../../../src/routing/plan-step.js';
import { groundedBy, roundsOf, without } from '../../../src/routing/outages.js';
import { allClosed, outageOf, UNTOUCHED, WHOLE, type Outage, type ProviderState, type Standing, type Standings } from '../../../src/routing/standing.js';

const said = (state: ProviderState): Standing => ({ ...UNTOUCHED, state });
const broken = (more: Partial<Standing['breaker']> = {}): Standing => ({ state: 'enabled', breaker: { state: 'open', since: '2026-01-01T00:00:00.000Z', reason: 'It fails.', due: false, badness: 1, ...more } });
const standings = (entries: Record<string, Standing>): Standings => new Map(Object.entries(entries));

describe('what keeps work of an operation from a provider', () => {
  it.each([
    ['nothing, where nothing was said', {}, null],
    ['an operator, of all of it', { [WHOLE]: said('disabled') }, ['state', '"a" is disabled by an operator.']],
    ['an operator, of this operation', { ocr: said('draining') }, ['state', '"ocr" at "a" is draining by an operator.']],
    ['nothing, where it is another operation', { convert: said('disabled') }, null],
    ['its breaker', { [WHOLE]: broken() }, ['breaker', 'The breaker of "a" is open. It fails.']],
    ['the breaker of the operation, while a probe works', { ocr: broken({ state: 'half_open' }) }, ['breaker', 'The breaker of "ocr" at "a" is half-open. It fails.']],
    ['nothing, where it may be probed', { [WHOLE]: broken({ due: true }) }, null],
    ['an operator before a breaker', { [WHOLE]: broken(), ocr: said('disabled') }, ['state', '"ocr" at "a" is disabled by an operator.']],
  ] as const)('%s', (_, entries, expected) => {
    const outage = outageOf('a', standings(entries), 'ocr');
    expect(outage === null ? null : [outage.code, outage.message]).toEqual(expected);
  });

  it('a breaker that may be probed is not closed all the same', () => {
    expect(allClosed(standings({ [WHOLE]: broken({ due: true }) }), 'ocr')).toBe(false);
    expect(allClosed(standings({ convert: broken() }), 'ocr')).toBe(true);
  });
});

const outage = (provider: string, badness: number, code: Outage['code'] = 'breaker', operation = 'convert'): Outage => ({ provider, operation, code, message: `${provider} is out.`, badness });
const rounds = (outages: readonly Outage[], net = true) => [...roundsOf(outages, net)].map((out) => out.map(({ provider, operation }) => `${provider} ${operation}`));

describe('the safety net', () => {
  it('lets in the least bad first, then the next', () => {
    expect(rounds([outage('a', 3), outage('b', 1), outage('c', 2)])).toEqual([['a convert', 'c convert'], ['a convert'], []]);
  });

  it('judges a provider by the worst of its operations, and lets it in whole', () => {
    expect(rounds([outage('a', 1), outage('a', 5, 'breaker', 'ocr'), outage('b', 2)])).toEqual([['a convert', 'a ocr'], []]);
  });

  it('never lets in what an operator took out', () => {
    expect(rounds([outage('a', 0, 'state'), outage('b', 2)])).toEqual([['a convert']]);
  });

  it('is not there where it is not wanted, and no matter where nothing is out', () => {
    expect(rounds([outage('a', 1)], false)).toEqual([]);
    expect(rounds([])).toEqual([]);
  });
});

describe('who is out as a whole', () => {
  const ground = (outages: readonly Outage[], ...operations: readonly string[]) => {
    const { whole, parts } = groundedBy(outages, operations);
    return [whole.map(({ provider, code }) => `${provider} ${code}`), parts.map(({ provider, operation }) => `${provider} ${operation}`)];
  };

  it('is out for all that is asked, and says so once', () => {
    expect(ground([outage('a', 1), outage('a', 1, 'breaker', 'ocr'), outage('b', 1, 'unfunded')], 'convert', 'ocr')).toEqual([['a breaker'], ['b convert']]);
    expect(ground([outage('b', 1, 'unfunded')], 'convert')).toEqual([['b unfunded'], []]);
  });

  it('is out for its operation alone where others are asked too', () => expect(ground([outage('a', 1, 'state', 'ocr')], 'convert', 'ocr')).toEqual([[], ['a ocr']]));
  it('is nobody where nothing is out', () => expect(ground([], 'convert')).toEqual([[], []]));
});

it('those whose account was refused are the last that the net lets in', () => {
  expect(rounds([outage('a', 0, 'unfunded'), outage('b', 9)])).toEqual([['a convert'], []]);
});

it('a candidate offers nothing of what it is out for, and everything else as before', () => {
  const candidate = { id: 'a', offers: () => ({ offered: true }) } as unknown as Candidate;
  const wish = (operation: string) => ({ operation, from: null, parameters: {}, options: {} });
  const out = without([outage('a', 1), outage('b', 1, 'breaker', 'ocr')], candidate);
  expect(out.offers(wish('convert'))).toEqual({ offered: false, reason: 'a is out.' });
  expect(out.offers(wish('ocr'))).toEqual({ offered: true });
  expect(without([outage('b', 1)], candidate)).toBe(candidate);
});
