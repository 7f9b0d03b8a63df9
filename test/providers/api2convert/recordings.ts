import type { ErrorKind } from '../../../src/conversion/errors.js';
import type { RecordedFixture } from '../conformance/harness.js';
import { completed, failed, jobBody, JOB_ID, outputBody, REFERENCE, resultFile, step, toPng } from './samples.js';

const answer = (body: unknown): RecordedFixture['answers'] => [{ status: 200, body }];

const failure = (name: string, error: unknown, kind: ErrorKind, code: string | null): RecordedFixture => ({
  name,
  answers: answer(failed(error)),
  report: { state: 'failed', kind, code, cost: { credits: 0 } },
});

const running = (word: string): RecordedFixture => ({
  name: `a job that is ${word}`,
  answers: answer(jobBody({ status: { code: word, info: '' } })),
  report: { state: 'running', progress: null, word },
});

const succeeded = (name: string, body: unknown, results: readonly unknown[], credits: number | null): RecordedFixture => ({
  name,
  answers: answer(body),
  report: { state: 'succeeded', results: results as never, deliveries: [], cost: { credits } },
});

const thumb = step({ id: 'thumb', operation: 'thumbnail', parameters: { to: 'png', width: 300 } });
const conversions = [
  { id: 'c-png', category: 'image', target: 'png' },
  { id: 'c-thumb', category: 'operation', target: 'thumbnail' },
];
const twoOutputs = [outputBody({ id: 'o-2', source: { conversion: 'c-thumb', input: ['i-1'] } }), outputBody()];
const twoResults = [{ ...resultFile, step: 'thumb', providerFileId: 'o-2' }, resultFile];
const twoSteps = (name: string, fields: Readonly<Record<string, unknown>>, report: RecordedFixture['report']): RecordedFixture => ({
  name,
  answers: answer(completed({ conversion: conversions, output: twoOutputs, ...fields })),
  job: { providerJobId: JOB_ID, reference: REFERENCE, steps: [toPng, thumb], exports: [] },
  report,
});
const bothSteps: RecordedFixture['report'] = { state: 'succeeded', results: twoResults, deliveries: [], cost: { credits: 1 } };
const withoutFile: RecordedFixture['report'] = { state: 'failed', kind: 'output_invalid', code: null, cost: { credits: 1 } };

/** The shapes of the vendor's documents, and the oddities that its back end is known for. */
export const recordings: readonly RecordedFixture[] = [
  ...['created', 'incomplete', 'ready', 'pending', 'queued', 'downloading', 'running', 'processing', 'saving'].map(running),

  succeeded('the guide\'s completed job', completed(), [resultFile], 1),
  succeeded('the newer guide\'s "name", numbers as text, lists as objects', completed({ spent: '3', output: { 0: outputBody({ name: 'a.png', size: '1234' }) } }), [{ ...resultFile, filename: 'a.png', size: 1234 }], 3),
  succeeded('empty objects as lists and nothing where a value is unset', completed({ spent: null, errors: null, warnings: [], conversion: [], output: [outputBody({ source: [], size: null, content_type: null })] }), [{ ...resultFile, contentType: null, size: null }], null),
  succeeded('several files of one step', completed({ output: [outputBody(), outputBody({ id: 'o-2' })] }), [resultFile, { ...resultFile, providerFileId: 'o-2' }], 1),
  succeeded('a file that expired beside one that is there', completed({ output: [outputBody({ id: 'o-0', status: 'expired' }), outputBody()] }), [resultFile], 1),
  succeeded('warnings alone', completed({ warnings: [{ source: 'input', code: 404, message: 'Impossible to write metadata inside the file' }] }), [resultFile], 1),

  twoSteps('each file of the step that made it', {}, bothSteps),
  twoSteps('each file of its step although the conversions moved', { conversion: [...conversions].reverse() }, bothSteps),
  twoSteps('a step without a file beside one with', { output: [outputBody()] }, withoutFile),
  twoSteps('files that name no conversion of the job', { output: twoOutputs.map((output) => ({ ...output, source: { conversion: 'c-else' } })) }, withoutFile),

  ...['disabled', 'expired', 'overuse'].map((status): RecordedFixture => ({ name: `a file that is ${status}`, answers: answer(completed({ output: [outputBody({ status })] })), report: withoutFile })),
  { name: 'a file at no web address', answers: answer(completed({ output: [outputBody({ uri: 'file:///etc/passwd' })] })), report: withoutFile },

  failure('a cloud file that is not there', { source: 'input', id_source: 'bc6eb7a7', code: 17, message: 'File not found' }, 'source_unreachable', '17'),
  failure('a link that could not be downloaded', { source: 'input', idSource: 'bc6eb7a7', code: 404, message: 'The file could not be downloaded by our servers.' }, 'source_unreachable', '404'),
  failure('an input with a password', { source: 'input', code: 401, message: 'A password is needed.' }, 'invalid_input', '401'),
  failure('a bad cloud descriptor', { source: 'input', code: 99, message: 'Error' }, 'source_unreachable', '99'),
  failure('an unsupported input', { source: 'conversion', code: '4000', message: 'unsupported input' }, 'unsupported', '4000'),
  failure('a damaged input', { source: 'conversion', code: 6005, message: 'Your file is missing important meta data' }, 'invalid_input', '6005'),
  failure('a size beyond the limit', { source: 'conversion', code: 6037, details: { text_1: '30000' }, message: 'Width too large' }, 'invalid_input', '6037'),
  failure('an unknown input error', { source: 'input', code: 3_000_000_001, message: 'Something' }, 'unmapped', '3000000001'),
  failure('an unknown input error that speaks of the download', { source: 'input', code: 12, message: 'The file could not be downloaded' }, 'source_unreachable', '12'),
  failure('an unknown conversion error', { source: 'conversion', code: 404, message: 'Engine stopped' }, 'conversion_failed', '404'),
  { name: 'the first error whose code is known', answers: answer(failed({ source: 'conversion', code: 1 }, { source: 'input', code: 17 })), report: { state: 'failed', kind: 'source_unreachable', code: '17', cost: { credits: 0 } } },
  { name: 'a failure without an error', answers: answer(failed()), report: { state: 'failed', kind: 'conversion_failed', code: null, cost: { credits: 0 } } },
  { name: 'a completed job with errors', answers: answer(completed({ errors: [{ source: 'input', code: 404, message: 'Gone' }] })), report: { state: 'failed', kind: 'source_unreachable', code: '404', cost: { credits: 1 } } },
  { name: 'a canceled job', answers: answer(jobBody({ status: { code: 'canceled' } })), report: { state: 'canceled', cost: { credits: 0 } } },
];
