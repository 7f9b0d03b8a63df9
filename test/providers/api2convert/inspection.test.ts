import { departures } from '../../../src/providers/api2convert/errors.js';
import { bench, idle } from '../conformance/bench.js';
import type { ScriptedAnswer } from '../scripted-http.js';
import { harness } from './harness.js';
import { completed, jobBody } from './samples.js';

const LAST: ScriptedAnswer = { status: 200, body: [] };
const inspect = async (contracts: ScriptedAnswer, ...pages: ScriptedAnswer[]) => bench(harness, [contracts, ...pages]).provider.inspect?.(idle());
const answer = (status: number, body: unknown) => ({ status, headers: {}, text: body === '' ? '' : JSON.stringify(body) });

describe('the balance at api2convert', () => {
  it.each([
    ['204: no contract', { status: 204 }, { credits: null, unlimited: false }, 1],
    ['an empty list', { status: 200, body: [] }, { credits: null, unlimited: false }, 1],
    ['a list, as the OpenAPI document says', { status: 200, body: [{ contract_type: 'prepaid', credits_remaining: '471' }, { contract_type: 'prepaid', credits_remaining: 9 }] }, { credits: 480, unlimited: false }, 0],
    ['a monthly invoice', { status: 200, body: { contracts: [{ contract_type: 'invoice' }] } }, { credits: null, unlimited: true }, 0],
  ])('is read from %s', async (_name, contracts, balance, remarks) => {
    const inspection = await inspect(contracts, LAST);
    expect(inspection?.balance).toEqual(balance);
    expect(inspection?.remarks).toHaveLength(remarks);
  });
});

describe('the catalogue of api2convert', () => {
  it('ends at an empty page, or at 204', async () => {
    const page = { status: 200, body: [{ id: '1', target: 'png', category: 'image' }] };
    expect((await inspect({ status: 204 }, page, { status: 204 }))?.catalogue?.entries).toBe(1);
  });

  it('is not read for ever where every page is the same', async () => {
    const page = { status: 200, body: [{ id: '1', target: 'png', category: 'image' }] };
    const inspection = await inspect(harness.inspection.answers[0] ?? LAST, page, page);
    expect(inspection?.catalogue?.entries).toBe(1);
    expect(inspection?.remarks).toEqual([expect.stringContaining('`page` is not honoured')]);
  });
});

describe('what api2convert says otherwise than documented', () => {
  it('is nothing where all is as documented', () => {
    expect(departures('read', answer(200, { ...jobBody(), spent: 0 }))).toEqual([]);
    expect(departures('cancel', answer(204, ''))).toEqual([]);
    expect(departures('read', answer(404, { message: 'no such job' }))).toEqual([]);
  });

  it('is a word of no document, a missing field, a status, and which shape an upload\'s id has', () => {
    expect(departures('read', answer(200, { ...jobBody({ status: { code: 'dreaming' } }), spent: 0 }))).toEqual([expect.stringContaining('"dreaming"')]);
    expect(departures('create', answer(200, { ...jobBody(), spent: 0, token: undefined }))).toEqual([expect.stringContaining('201'), expect.stringContaining('`token`')]);
    expect(departures('upload', answer(200, { id: { job: 'j', input: 'i' } }))).toEqual([expect.stringContaining('an object')]);
    expect(departures('upload', answer(200, { id: 'in-1' }))).toEqual([expect.stringContaining('a text')]);
    expect(departures('upload', answer(200, ''))).toEqual([expect.stringContaining('without an `id`')]);
    expect(departures('read', answer(200, '<html>'))).toEqual([expect.stringContaining('no job')]);
    const [output] = (completed() as { output: object[] }).output;
    expect(departures('read', answer(200, completed({ spent: 1, output: [{ ...output, size: undefined }] })))).toContain('an output comes without `size`.');
  });
});
