import { createHmac } from 'node:crypto';
import { runconvertProvider } from '../../../src/providers/runconvert/provider.js';
import type { AdapterHarness } from '../conformance.js';
import { FILE, JOB_ID, MARK, ok, REFERENCE, resultOf, stage, toPng, uploadInput, urlInput } from './stage.js';

const SIGNATURE = 'upl04d-s1gnature-77aa';
const HEADER = 'runconvert-signature';
const IMPORT = `import-photo-${MARK}`;
const CONVERT = `convert-png-${MARK}`;
const EXPORT = `export-png-${MARK}`;

/** The service that RunConvert's documents were written after: bare, words of the documents, result by URL. */
const inTheDocumentsWords = (status: string, more: object) => ({ id: JOB_ID, status, tasks: [{ name: IMPORT, operation: 'import/url', status: 'completed' }, more] });

const work = { ...stage([urlInput('photo', 'photo.jpg', 'https://files.example/photo.jpg')], toPng), callbackUrl: `https://gateway.example/v1/callbacks/runconvert/${REFERENCE}` };
const uploadForm = { url: 'https://upload.runconvert.com/u', parameters: { signature: SIGNATURE } };
const exported = { name: EXPORT, operation: 'export/url', status: 'completed', result: { files: [FILE] } };
const importGone = { id: 't1', name: IMPORT, operation: 'import/url', status: 'error', code: 'DOWNLOAD_FAILED', message: 'The file could not be downloaded', credits: null };
const waitedFor = { id: 't2', name: CONVERT, operation: 'convert', status: 'error', code: 'INPUT_TASK_FAILED', message: 'Input task has failed' };

export const harness: AdapterHarness = {
  make: runconvertProvider,
  baseUrl: 'https://api.runconvert.com/v2',
  settings: { signatureHeader: HEADER },
  work,
  uploadWork: stage([uploadInput('photo', 'photo.jpg')], toPng),
  answers: {
    providerJobId: JOB_ID,
    create: [{ status: 201, body: { id: JOB_ID, status: 'created' } }],
    createForUpload: [{ status: 201, body: { id: JOB_ID, status: 'created', tasks: [{ operation: 'import/upload', result: { form: uploadForm } }] } }],
    upload: [{ status: 201 }],
    uploadAfterRestart: [ok({ id: JOB_ID, status: 'created', tasks: [] }), ok({ data: [{ name: IMPORT, operation: 'import/upload', result: { form: uploadForm } }] }), { status: 204 }],
    start: [],
    cancel: [],
    readRunning: [ok(inTheDocumentsWords('processing', { name: CONVERT, operation: 'convert', status: 'processing' }))],
    readSucceeded: [ok(inTheDocumentsWords('completed', exported))],
    readFailed: [ok(inTheDocumentsWords('failed', { name: CONVERT, operation: 'convert', status: 'failed', result: { errorCode: 'processing_failed', msg: 'Task failed due to internal process failure.' } }))],
    readDelivered: (outcome) => [ok({ id: JOB_ID, status: outcome === 'delivered' ? 'completed' : 'failed', tasks: [exported, { name: `deliver-bucket-${MARK}`, operation: 'export/s3', ...(outcome === 'delivered' ? { status: 'completed' } : { status: 'failed', message: 'No such bucket' }) }] })],
    readSucceededWithoutFile: [ok(inTheDocumentsWords('completed', { ...exported, result: { files: [] } }))],
    readStatus: (status) => [ok(inTheDocumentsWords(status, exported))],
    refusal: (_status, message) => ({ message }),
    unsupported: { status: 400, body: { message: 'Unsupported output format: xyz' } },
  },
  fixtures: [
    {
      name: 'a job of the documents, listed without tasks, its tasks told apart',
      answers: [ok({ id: JOB_ID, status: 'completed', tasks: [] }), ok({ data: [{ operation: 'convert', status: 'completed' }, { operation: 'export/url', status: 'completed', result: { url: FILE.url } }], meta: { count: 2 } })],
      report: { state: 'succeeded', results: [resultOf('png', { filename: null, url: FILE.url, size: null })], deliveries: [], cost: { credits: null } },
    },
    {
      name: 'a job of the SDKs\' dialect, wrapped, with credits',
      answers: [
        ok({ data: { id: JOB_ID, status: 'finished', tasks: [{ name: CONVERT, operation: 'convert', status: 'finished', code: null, message: null, percent: 100, credits: '2' }, { ...exported, status: 'finished', credits: 1, payload: { operation: 'export/url', input: [CONVERT] } }] } }),
      ],
      report: { state: 'succeeded', results: [resultOf('png')], deliveries: [], cost: { credits: 3 } },
    },
    {
      name: 'a website\'s job: results, plural, and a link',
      answers: [ok({ job: { id: JOB_ID, status: 'completed' }, tasks: [{ name: EXPORT, results: [], links: { download: FILE.url } }] })],
      report: { state: 'succeeded', results: [resultOf('png', { filename: null, url: FILE.url, size: null })], deliveries: [], cost: { credits: null } },
    },
    {
      name: 'a job without a word of its own, whose tasks have all ended',
      answers: [ok({ id: JOB_ID, status: null, tasks: [{ name: CONVERT, operation: 'convert', status: 'finished' }, { ...exported, status: 'finished' }] })],
      report: { state: 'succeeded', results: [resultOf('png')], deliveries: [], cost: { credits: null } },
    },
    {
      name: 'a job that waits, with the mean of its tasks\' progress',
      answers: [ok({ id: JOB_ID, status: 'waiting', tasks: [{ name: IMPORT, percent: 100, status: 'finished' }, { name: CONVERT, percent: '21', status: 'processing' }, { name: EXPORT, percent: null }] })],
      report: { state: 'running', progress: 61, word: 'waiting' },
    },
    {
      name: 'a source that is gone: the task that failed of itself speaks, though it stands last',
      answers: [ok({ data: { id: JOB_ID, status: 'error', tasks: [waitedFor, importGone] } })],
      report: { state: 'failed', kind: 'source_unreachable', code: 'DOWNLOAD_FAILED', cost: { credits: null } },
    },
    {
      name: 'credits that ran out',
      answers: [ok({ id: JOB_ID, status: 'failed', result: { errorCode: 'insufficient_credits', msg: 'Available conversion minutes/credits are finished.' }, tasks: [] }), { status: 404 }],
      report: { state: 'failed', kind: 'quota_exhausted', code: 'insufficient_credits', cost: { credits: null } },
    },
    {
      name: 'a canceled job',
      answers: [ok({ id: JOB_ID, status: 'cancelled', tasks: [{ name: CONVERT, status: 'cancelled', credits: 1 }] })],
      report: { state: 'canceled', cost: { credits: 1 } },
    },
  ],
  inspection: {
    answers: [ok({ data: [], meta: { count: 0 } }), ok({ data: [{ format: 'png', category: 'image' }, { format: 'jpeg', category: 'image' }] })],
    entries: 2,
    listed: ['png', 'jpg'],
    balance: null,
  },
  catalogue: {
    answers: [
      ok({ data: [{ format: 'png' }, { format: 'JPEG' }] }),
      ok({ data: [{ format: 'jpeg' }], meta: { count: 1 } }),
      ok({ data: ['png'] }),
      ok({ data: [{ operation: 'convert', input_format: 'png', output_format: 'jpeg', engine: 'magick', credits: 1, options: [{ name: 'quality', type: 'integer', description: 'How good', supported_values: [] }], engine_versions: ['7.1', { version: '7.0' }] }] }),
      ok([{ operation: 'convert', input_format: 'jpeg', output_format: 'png', credits: '2', options: { strip: { type: 'boolean' } } }, { operation: 'compress', input_format: 'jpeg', output_format: 'jpeg', options: [] }, { operation: 'dream', input_format: 'jpeg' }]),
    ],
    entries: [
      ['convert', 'png', 'jpg', ['quality', 'engine', 'engine_version'], 1], ['convert', 'jpg', 'png', ['strip'], 2], ['compress', 'jpg', null, [], null], [null, null, null, null, null],
    ],
    covers: ['convert'],
  },
  callback: {
    body: Buffer.from(JSON.stringify({ event: 'job.finished', job: { id: JOB_ID, status: null } })),
    about: (job) => JSON.stringify({ event: 'job.finished', job: 'data' in job ? job.data : job }),
    short: [
      { event: 'job.finished', job: { id: JOB_ID } }, { event: 'job.finished', job: { id: JOB_ID, status: 'finished' } }, { event: 'job.failed', job: { id: JOB_ID, status: 'error', tasks: [] } },
      { event: 'job.finished', job: JOB_ID }, { event: 'task.finished', task: { id: 'task-1', job_id: JOB_ID, status: 'finished' } }, { id: JOB_ID, status: 'finished', tasks: [{ name: 'import-photo', status: 'finished' }] },
    ].map((said) => JSON.stringify(said)),
    providerJobId: JOB_ID,
    header: HEADER,
    sign: (body, secret) => createHmac('sha256', secret).update(body).digest('hex'),
  },
  offered: ['convert', 'compress', 'merge', 'archive', 'capture', 'ocr', 'watermark', 'thumbnail'],
  webhooks: { list: (webhooks) => ok({ data: webhooks.map(([id, endpoint]) => ({ id, endpoint_url: endpoint, events: ['job.finished'] })) }) },
  finding: {
    pages: (reference) => [
      ok({ data: Array.from({ length: 50 }, (_, index) => ({ id: `other-${index}`, status: 'completed', tag: `tag-${index}`, tasks: [] })), meta: { count: 51 } }),
      ok({ data: [{ id: JOB_ID, status: 'created', tag: reference, tasks: [] }], meta: { count: 51 } }),
    ],
    end: ok({ data: [], meta: { count: 51 } }),
    endless: (page) => ok({ data: Array.from({ length: 50 }, (_, index) => ({ id: `other-${page}-${index}`, status: 'completed', tag: null, tasks: [] })), meta: { count: 100_000 } }),
  },
  listing: {
    page: (jobs) => ok({ data: jobs, meta: { count: jobs.length } }),
    // First those that are worked on, then those that wait; a page is over when the next one is empty, however many it holds.
    pages: [
      ok({ data: [{ id: 'j-1', status: 'processing', tasks: [] }, { id: 'j-2', status: 'processing', tasks: [] }], meta: { count: 3 } }),
      ok({ data: [{ id: 'j-3', status: 'processing', tasks: [] }], meta: { count: 3 } }),
      ok({ data: [], meta: { count: 3 } }),
      ok({ data: [{ id: 'j-4', status: 'created' }] }),
      ok({ data: [] }),
    ],
    ids: ['j-1', 'j-2', 'j-3', 'j-4'],
  },
  delivered: ['s3', 'gcs', 'azure-blob', 'sftp'],
  paymentRequired: 'quota_exhausted',
  secretsInAnswers: [SIGNATURE],
};
