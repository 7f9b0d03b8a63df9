import { createHmac } from 'node:crypto';
import { api2convertProvider } from '../../../src/providers/api2convert/provider.js';
import type { AdapterHarness } from '../conformance/harness.js';
import { completed, failed, jobBody, JOB_ID, TOKEN, uploadWork, work } from './samples.js';
import { recordings } from './recordings.js';

const created = { status: 201, body: jobBody() };

/** More than the 50 of a page. */
const ids = Array.from({ length: 53 }, (_, index) => `job-${index}`);

/** How api2convert talks, for the suite. */
export const harness: AdapterHarness = {
  make: api2convertProvider,
  baseUrl: 'https://api.api2convert.com/v2',
  settings: {},
  work,
  uploadWork,
  answers: {
    create: [created],
    createForUpload: [created],
    providerJobId: JOB_ID,
    upload: [{ status: 200, body: { id: { job: JOB_ID, input: 'i-1' }, completed: true } }],
    uploadAfterRestart: [{ status: 200, body: jobBody() }, { status: 200, text: '' }],
    start: [{ status: 200, body: jobBody({ process: true }) }],
    cancel: [{ status: 204 }],
    readRunning: [{ status: 200, body: jobBody({ status: { code: 'processing' } }) }],
    readSucceeded: [{ status: 200, body: completed() }],
    readFailed: [{ status: 200, body: failed({ source: 'conversion', code: 6005, message: 'Your file is missing important meta data' }) }],
    readDelivered: (outcome) => [
      {
        status: 200,
        body: completed({
          output: [],
          conversion: [{ id: 'c-png', category: 'image', target: 'png', output_target: [{ type: 'amazons3', status: outcome === 'delivered' ? 'completed' : 'failed' }] }],
          errors: outcome === 'delivered' ? [] : [{ source: 'conversion', id_source: 'c-png', code: 99, message: 'No such bucket' }],
        }),
      },
    ],
    readSucceededWithoutFile: [{ status: 200, body: completed({ output: [] }) }],
    readStatus: (word) => [{ status: 200, body: jobBody({ status: { code: word, info: '' } }) }],
    refusal: (_status, message) => ({ code: 8, message, errors: {} }),
    unsupported: { status: 400, body: { message: 'The conversion target "xyz" does not exist.' } },
  },
  fixtures: recordings,
  callback: {
    body: Buffer.from(JSON.stringify(completed())),
    about: (job) => JSON.stringify(job),
    short: [{ status: { code: 'failed' }, errors: [] }, { status: { code: 'completed' } }, { status: 'completed', output: [] }].map((said) => JSON.stringify({ id: JOB_ID, ...said })),
    providerJobId: JOB_ID,
    header: 'x-oc-signature',
    sign: (body, secret) => createHmac('sha256', secret).update(body).digest('hex'),
  },
  inspection: {
    answers: [
      { status: 200, body: { contracts: [{ contract_type: 'prepaid', contract_creation_date: '2016-02-02 10:52:36', credits_bought: 500, credits_remaining: 471 }], credits_remaining: 1848 } },
      { status: 200, body: [{ id: '59', target: 'png', category: 'image', options: [] }, { id: '60', target: 'jpeg', category: 'image', options: {} }] },
      { status: 200, body: [{ id: '61', target: 'compress', category: 'operation', options: [] }] },
      { status: 200, body: [] },
    ],
    entries: 3,
    listed: ['png', 'jpg', 'operation/compress'],
    balance: { credits: 1848, unlimited: false },
  },
  webhooks: { list: () => ({ status: 404 }) },
  finding: null,
  listing: {
    page: (jobs) => ({ status: 200, body: jobs }),
    pages: [{ status: 200, body: ids.slice(0, 50).map((id) => jobBody({ id, status: { code: 'processing' } })) }, { status: 200, body: ids.slice(50).map((id) => jobBody({ id, status: { code: 'queued' } })) }],
    ids,
  },
  delivered: ['s3', 'gcs', 'azure-blob', 'ftp', 'google-drive', 'youtube'],
  catalogue: {
    answers: [
      { status: 200, body: [{ id: '59', target: 'png', category: 'image', options: { color: { type: 'string', enum: ['colored', 'gray'], default: 'colored', required: false } } }, { id: '60', target: 'JPEG', category: 'image', options: [] }] },
      { status: 200, body: [{ id: '61', target: 'resize-image', category: 'operation', options: { width: { type: 'integer', minimum: '1', maximum: 8000 } } }, { id: '62', target: 'new-thing', category: 'operation', options: [] }] },
      { status: 200, body: [] },
    ],
    entries: [
      ['convert', null, 'png', ['color'], null], ['capture', null, 'png', ['color', 'screen_width', 'screen_height', 'device_scale_factor'], null],
      ['convert', null, 'jpg', [], null], ['capture', null, 'jpg', ['screen_width', 'screen_height', 'device_scale_factor'], null],
      ['resize', null, null, ['width'], null], [null, null, null, [], null],
    ],
    covers: ['*'],
  },
  offered: [
    'convert', 'compress', 'merge', 'archive', 'thumbnail', 'capture', 'resize', 'compare-images', 'video-to-images', 'analyze-image', 'cut-video', 'slideshow', 'merge-streams', 'extract-streams',
    'compare-videos', 'adjust-volume', 'to-pdfa', 'validate-pdfa', 'pdf-booklet', 'compare-pdfs', 'extract-archive', 'extract-assets', 'extract-pdf-assets', 'hash', 'read-metadata',
  ],
  paymentRequired: 'quota_exhausted',
  secretsInAnswers: [TOKEN],
};
