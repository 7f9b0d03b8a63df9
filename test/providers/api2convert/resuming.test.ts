import type { StageInput, StageWork } from '../../../src/conversion/provider.js';
import { api2convertProvider } from '../../../src/providers/api2convert/provider.js';
import { content, failureOf, idle } from '../conformance/bench.js';
import { scriptedHttp } from '../scripted-http.js';
import { jobBody, JOB_ID, step, work } from './samples.js';

const account = { id: 'a', baseUrl: 'http://127.0.0.1:4010/v2', apiKey: 'the-account-key', webhookSecret: null, settings: {} };
const url = (id: string): StageInput => ({ id, part: '', filename: null, source: { type: 'url', url: `https://files.example/${id}.pdf` } });
const file = (id: string): StageInput => ({ id, part: '', filename: `${id}.pdf`, source: { type: 'upload', size: content.size } });

/** Merged in this order: one address, a file, two addresses, a file. */
const merge: StageWork = {
  ...work,
  inputs: [url('a'), file('b'), url('c'), url('d'), file('e')],
  steps: [step({ operation: 'merge', inputs: ['a', 'b', 'c', 'd', 'e'], parameters: { to: 'pdf' } })],
};
const remote = { type: 'remote', status: 'ready', size: 9 };
const sent = { type: 'upload', status: 'ready', size: content.size };

/** What is done for one file, after a restart, while the job tells these inputs. */
async function callsFor(key: string, input: readonly object[]): Promise<string[]> {
  const http = scriptedHttp({ status: 200, body: jobBody({ input }) }, ...Array.from({ length: 4 }, () => ({ status: 200 })));
  const provider = api2convertProvider(account, http, () => new Date());
  await provider.upload(merge, { providerJobId: JOB_ID, awaitsUploads: [key], notes: {} }, key, content, idle());
  return http.calls.map(({ form, json }) => (form !== undefined ? 'file' : json === undefined ? 'read' : String((json as { source: string }).source.split('/').at(-1))));
}

describe('an upload to api2convert after a restart', () => {
  it.each<[what: string, key: string, input: readonly object[], calls: readonly string[]]>([
    ['nothing came in', 'b', [remote], ['read', 'file', 'c.pdf', 'd.pdf']],
    ['the file came in', 'b', [remote, sent], ['read', 'c.pdf', 'd.pdf']],
    ['the file came in, and the first of those that follow it', 'b', [remote, sent, remote], ['read', 'd.pdf']],
    ['everything came in', 'b', [remote, sent, remote, remote], ['read']],
    ['only the other file did not', 'e', [remote, sent, remote, remote], ['read', 'file']],
    ['the other file came in as well', 'e', [remote, sent, remote, remote, sent], ['read']],
    ['it came in, and the vendor does not tell its size', 'b', [remote, { ...sent, size: null }], ['read', 'c.pdf', 'd.pdf']],
  ])('sends what is missing: %s', async (_what, key, input, calls) => {
    expect(await callsFor(key, input)).toEqual(calls);
  });

  it.each<[what: string, key: string, input: readonly object[]]>([
    ['came in half', 'b', [remote, { ...sent, size: 3 }]],
    ['failed', 'b', [remote, { ...sent, status: 'failed' }]],
    ['is not there, although it was sent before this one', 'e', [remote]],
  ])('gives the job up, which was not started, where a file %s', async (_what, key, input) => {
    expect(await failureOf(callsFor(key, input))).toMatchObject({ kind: 'unavailable', code: 'uploads_differ' });
  });
});
