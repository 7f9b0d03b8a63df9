import 'reflect-metadata';
import { bodyPipe } from '../../../src/http/body-pipe.js';
import { Problem } from '../../../src/http/problem.js';
import { ConvertQuery } from '../../../src/jobs/dto/convert-query.dto.js';
import { JOB_EXAMPLES } from '../../../src/jobs/dto/job-examples.js';
import { JobRequestDto } from '../../../src/jobs/dto/job-request.dto.js';
import { ListEventsQuery, ListJobsQuery } from '../../../src/jobs/dto/list-query.dto.js';

type Dto = new () => object;

async function errorsOf(value: unknown, metatype: Dto, type: 'body' | 'query'): Promise<readonly { pointer: string; message: string }[]> {
  try {
    await bodyPipe().transform(value, { type, metatype });
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect([error.code, error.status]).toEqual(['invalid_request', 422]);
    return error.more.errors ?? [];
  }
}

const pointers = async (value: unknown, metatype: Dto, type: 'body' | 'query' = 'body') => (await errorsOf(value, metatype, type)).map(({ pointer }) => pointer);

const good = { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };
const input = (more: object) => ({ ...good, inputs: [{ type: 'url', ...more }] });
const step = (more: object) => ({ ...good, steps: [{ operation: 'convert', ...more }] });
const routing = (more: object) => ({ ...good, routing: more });

describe('a job\'s body', () => {
  it.each(Object.entries(JOB_EXAMPLES))('the documented example "%s" passes', async (_, { value }) => {
    expect(await pointers(value, JobRequestDto)).toEqual([]);
  });

  it('with everything said passes', async () => {
    const everything = {
      inputs: [{ id: 'a', type: 'url', url: 'https://example.com', filename: 'a.jpg' }, { id: 'b', type: 'upload', size: 5 }, { type: 'base64', data: 'AAAA' }],
      steps: [{ id: 's', operation: 'thumbnail', inputs: ['a'], to: 'png', from: 'jpg', width: 5, height: 6, options: { deep: { deeper: [1] } }, providerOptions: { x: { y: 1 } } }],
      exports: [],
      routing: { strategy: 'cheapest', only: [], exclude: [], prefer: [], regions: [], maxCost: null, maxAttempts: 4, deadlineSeconds: 3600, strict: false, quoteId: null },
      webhook: null,
      retention: 'PT24H',
      tag: null,
      metadata: { order: '42' },
    };
    expect(await pointers(everything, JobRequestDto)).toEqual([]);
  });

  it.each<[what: string, body: unknown, at: readonly string[]]>([
    ['nothing in it', {}, ['/inputs', '/steps']],
    ['inputs null', { ...good, inputs: null }, ['/inputs']],
    ['inputs an object', { ...good, inputs: {} }, ['/inputs']],
    ['inputs a text', { ...good, inputs: 'a' }, ['/inputs']],
    ['an input that is null', { ...good, inputs: [null] }, ['/inputs/0']],
    ['an input that is a text', { ...good, inputs: [...good.inputs, 'a'] }, ['/inputs/1']],
    ['a step that is a number', { ...good, steps: [5] }, ['/steps/0']],
    ['too many inputs', { ...good, inputs: Array(101).fill(good.inputs[0]) }, ['/inputs']],
    ['too many steps', { ...good, steps: Array(65).fill(good.steps[0]) }, ['/steps']],
    ['an unknown field', { ...good, colour: 'red' }, ['/colour']],
    ['an unknown field with odd letters', { ...good, 'a/b~c': 1 }, ['/a~1b~0c']],
    ['an unknown field of an input', input({ colour: 'red' }), ['/inputs/0/colour']],
    ['an unknown field of a step', step({ To: 'png' }), ['/steps/0/To']],
    ['an unknown field of the routing', routing({ fast: true }), ['/routing/fast']],
    ['an id with a space', input({ id: 'a b' }), ['/inputs/0/id']],
    ['an id that is too long', step({ id: 'a'.repeat(65) }), ['/steps/0/id']],
    ['an id that is empty', step({ id: '' }), ['/steps/0/id']],
    ['an id that is null', step({ id: null }), ['/steps/0/id']],
    ['an id with a line break', step({ id: 'a\n' }), ['/steps/0/id']],
    ['a type that is missing', { ...good, inputs: [{ url: 'https://example.com' }] }, ['/inputs/0/type']],
    ['an operation that is a number', { ...good, steps: [{ operation: 5 }] }, ['/steps/0/operation']],
    ['references that are no list', step({ inputs: 'input-1' }), ['/steps/0/inputs']],
    ['references that are numbers', step({ inputs: [1] }), ['/steps/0/inputs/0']],
    ['a width that is a text', step({ width: '5' }), ['/steps/0/width']],
    ['a width that is broken', step({ width: 5.5 }), ['/steps/0/width']],
    ['a width that is negative', step({ width: -1, height: 32_769 }), ['/steps/0/width', '/steps/0/height']],
    ['options that are a list', step({ options: [] }), ['/steps/0/options']],
    ['options that are null', step({ options: null }), ['/steps/0/options']],
    ['provider options that are a text', step({ providerOptions: 'x' }), ['/steps/0/providerOptions']],
    ['a routing that is a list', routing([]), ['/routing']],
    ['a strategy that nobody knows', routing({ strategy: 'luck' }), ['/routing/strategy']],
    ['attempts out of range', routing({ maxAttempts: 0 }), ['/routing/maxAttempts']],
    ['more attempts than allowed', routing({ maxAttempts: 21 }), ['/routing/maxAttempts']],
    ['a deadline out of range', routing({ deadlineSeconds: 604_801 }), ['/routing/deadlineSeconds']],
    ['a cost that is no number', routing({ maxCost: { amount: '1e3', currency: 'usd' } }), ['/routing/maxCost/amount', '/routing/maxCost/currency']],
    ['strict that is a text', routing({ strict: 'true' }), ['/routing/strict']],
    ['a webhook without an address', { ...good, webhook: {} }, ['/webhook/url']],
    ['a retention that is a number', { ...good, retention: 5 }, ['/retention']],
    ['a tag that is too long', { ...good, tag: 'a'.repeat(129) }, ['/tag']],
    ['metadata of numbers', { ...good, metadata: { a: 1 } }, ['/metadata/a']],
    ['metadata that is a list', { ...good, metadata: [] }, ['/metadata']],
    ['metadata that is null', { ...good, metadata: null }, ['/metadata']],
    ['too much metadata', { ...good, metadata: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 'v'])) }, ['/metadata']],
    ['several things wrong', { ...step({ width: 'a' }), inputs: [{ type: 1 }], tag: 5 }, ['/inputs/0/type', '/steps/0/width', '/tag']],
  ])('with %s is refused at the field', async (_, body, at) => {
    expect((await pointers(body, JobRequestDto)).sort()).toEqual([...at].sort());
  });

  it('each field is told once, in a sentence, and nothing of the value comes back', async () => {
    const errors = await errorsOf(step({ to: 5, width: 'the-secret' }), JobRequestDto, 'body');
    expect(errors.map(({ pointer }) => pointer)).toEqual(['/steps/0/to', '/steps/0/width']);
    expect(JSON.stringify(errors)).not.toContain('the-secret');
    for (const { message } of errors) expect(message).toMatch(/^[A-Z].*\.$/);
  });

  it.each(['inputs', 'steps'])('a list among the %s is refused there', async (field) => {
    const at = await pointers({ ...good, [field]: [[]] }, JobRequestDto);
    expect(at).toHaveLength(1);
    expect(at[0]).toMatch(new RegExp(`^/${field}`));
  });
});

describe('queries', () => {
  it('numbers come as numbers, and what is left out has its default', async () => {
    expect(await bodyPipe().transform({ limit: '200' }, { type: 'query', metatype: ListJobsQuery })).toMatchObject({ limit: 200 });
    expect(await bodyPipe().transform({}, { type: 'query', metatype: ListJobsQuery })).toMatchObject({ limit: 50 });
    expect(await bodyPipe().transform({}, { type: 'query', metatype: ConvertQuery })).toMatchObject({ wait: 60, operation: 'convert' });
  });

  it.each<[Dto, object, string]>([
    [ListJobsQuery, { limit: '0' }, '/limit'],
    [ListJobsQuery, { limit: '201' }, '/limit'],
    [ListJobsQuery, { limit: 'many' }, '/limit'],
    [ListJobsQuery, { limit: '' }, '/limit'],
    [ListJobsQuery, { limit: '1e2x' }, '/limit'],
    [ListJobsQuery, { status: 'done' }, '/status'],
    [ListJobsQuery, { tag: ['a', 'b'] }, '/tag'],
    [ListJobsQuery, { colour: 'red' }, '/colour'],
    [ListJobsQuery, { createdAfter: 'yesterday' }, '/createdAfter'],
    [ListJobsQuery, { createdBefore: '2026-02-30T00:00:00Z' }, '/createdBefore'],
    [ListEventsQuery, { limit: '-1' }, '/limit'],
    [ConvertQuery, { wait: '121' }, '/wait'],
    [ConvertQuery, { wait: '0' }, '/wait'],
    [ConvertQuery, { file: 'x' }, '/file'],
  ])('%p %j is refused', async (dto, query, at) => {
    expect(await pointers(query, dto, 'query')).toEqual([at]);
  });

  it.each(['2026-W05', '2026-W05-3', '2026-033', '2026-01-31T24', '20260131', '20260131T120000Z', '2026-01-31', '2026-01-31T12:00:00Z', '2026-01-31T12:00:00+02:00', '2026', '2026-01', '2026-01-31T12', '2026-01-31T12:00:00,5Z', '+002026-01-31'])(
    'the time %s is refused, or means a time to JavaScript too',
    async (createdAfter) => {
      const refused = (await pointers({ createdAfter }, ListJobsQuery, 'query')).length > 0;
      expect(refused || !Number.isNaN(new Date(createdAfter).getTime())).toBe(true);
    },
  );
});
