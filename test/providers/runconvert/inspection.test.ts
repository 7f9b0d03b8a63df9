import { departures } from '../../../src/providers/runconvert/errors.js';
import { bench, idle } from '../conformance/bench.js';
import { harness } from './harness.js';
import { FILE, ok } from './stage.js';

const jobs = ok({ data: [] });
const inspect = async (...formats: Parameters<typeof bench>[1]) => bench(harness, [jobs, ...formats]).provider.inspect?.(idle());
const answer = (status: number, body: unknown) => ({ status, headers: {}, text: JSON.stringify(body) });

describe('RunConvert\'s list of formats, whose shape no document shows', () => {
  it.each([
    ['names', ['png', 'jpg']],
    ['names in data', { data: ['png', 'jpg'] }],
    ['objects', { formats: [{ extension: 'png' }, { name: 'jpg' }] }],
    ['names by category', { data: { image: ['png'], photo: ['jpg'] } }],
  ])('is read as %s', async (_name, body) => {
    const catalogue = (await inspect(ok(body)))?.catalogue;
    expect(catalogue?.entries).toBe(2);
    expect(catalogue?.missing).not.toContain('png');
    expect(catalogue?.missing).toContain('mp4');
  });

  it('is no trouble of the account where it is not there, or cannot be read', async () => {
    for (const formats of [{ status: 404 }, ok({ data: [] })]) {
      const inspection = await inspect(formats);
      expect(inspection).toMatchObject({ account: 'ok', catalogue: null, balance: null });
      expect(inspection?.remarks).toHaveLength(1);
    }
  });
});

describe('what RunConvert says otherwise than documented', () => {
  const exported = { name: 'export-1', operation: 'export/url', status: 'completed', credits: 1, result: { files: [FILE] } };

  it('is nothing where all is as documented', () => {
    expect(departures('read', answer(200, { id: 'j', status: 'completed', tasks: [exported] }))).toEqual([]);
    expect(departures('read', answer(500, { message: 'no' }))).toEqual([]);
  });

  it('is a word, a wrapper, a file or credits that are missing', () => {
    expect(departures('read', answer(200, { id: 'j', status: 'dreaming', tasks: [exported] }))).toEqual([expect.stringContaining('"dreaming", which no document names')]);
    expect(departures('read', answer(200, { data: { id: 'j', status: 'finished', tasks: [exported] } }))).toEqual([expect.stringContaining('{ data }'), expect.stringContaining('of the SDKs')]);
    expect(departures('read', answer(200, { id: 'j', status: 'completed', tasks: [{ ...exported, credits: null, result: {} }] }))).toEqual([expect.stringContaining('without a file'), expect.stringContaining('`credits`')]);
    expect(departures('create', answer(201, { id: 'j', status: 'created' }))).toEqual([expect.stringContaining('without the tasks')]);
  });
});
