import type { StageStep, StageWork } from '../../../src/conversion/provider.js';

export const JOB_ID = '8daae6d1-26e0-11e5-b2a1-0800273b325b';
export const TOKEN = '12srxin63mgp23f8mtny2rgtgl1nl39i';
export const REFERENCE = 'Zk3rT9-pQ1xV7_bN5mC2wL8y';
export const SERVER = 'https://www27.api2convert.com/v2/dl/web2';

export function step(fields: Partial<StageStep> & Pick<StageStep, 'operation'>): StageStep {
  return { id: 'png', inputs: ['photo'], from: 'jpg', parameters: {}, options: {}, providerOptions: {}, ...fields };
}

export const toPng = step({ operation: 'convert', parameters: { to: 'png' } });

export const work: StageWork = {
  reference: REFERENCE,
  callbackUrl: `https://gateway.example/v1/callbacks/api2convert/${REFERENCE}`,
  inputs: [{ id: 'photo', part: '', filename: 'photo.jpg', source: { type: 'url', url: 'https://files.example/photo.jpg' } }],
  steps: [toPng],
  exports: [],
};

export const uploadWork: StageWork = { ...work, inputs: [{ id: 'photo', part: '', filename: 'bytes.jpg', source: { type: 'upload', size: 5 } }] };

/** A job as the vendor's guide shows it ("converting a file"), with what a test changes. */
export function jobBody(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    id: JOB_ID,
    token: TOKEN,
    type: 'job',
    status: { code: 'incomplete', info: 'Missing information to run the job.' },
    errors: [],
    warnings: [],
    process: false,
    conversion: [{ id: 'c-png', category: 'image', target: 'png', options: [], metadata: [] }],
    input: [],
    output: [],
    callback: '',
    notify_status: false,
    server: SERVER,
    spent: 0,
    created_at: '2017-08-15T17:20:55',
    modified_at: '2017-08-15T17:20:55',
    ...fields,
  };
}

/** A file as the vendor's guide shows it ("job downloading"). */
export function outputBody(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    id: 'o-1',
    source: { conversion: 'c-png', input: ['i-1'] },
    uri: `https://www13.api2convert.com/v2/dl/web2/download-file/${JOB_ID}/example_small.png`,
    size: 99_101,
    status: 'enabled',
    content_type: 'image/png',
    downloads_counter: 0,
    checksum: '33eeb8844313b7f381f844eca40ae687',
    created_at: '2017-08-15T17:33:05',
    ...fields,
  };
}

export const completed = (fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> =>
  jobBody({ status: { code: 'completed', info: 'The file has been successfully converted.' }, output: [outputBody()], spent: 1, ...fields });

export const failed = (...errors: readonly unknown[]): Readonly<Record<string, unknown>> =>
  jobBody({ status: { code: 'failed', info: 'The file has not been converted due to errors.' }, errors });

export const resultFile = {
  step: 'png',
  providerFileId: 'o-1',
  url: `https://www13.api2convert.com/v2/dl/web2/download-file/${JOB_ID}/example_small.png`,
  filename: null,
  contentType: 'image/png',
  size: 99_101,
};
