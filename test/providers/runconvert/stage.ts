import type { RunningJob, StageInput, StageStep, StageWork } from '../../../src/conversion/provider.js';
import type { ScriptedAnswer } from '../scripted-http.js';

export const REFERENCE = 'Rf3x_9aLq-27bTzKp0WmYv';
/** What stands in a task's name: all of the reference. */
export const MARK = REFERENCE;
export const JOB_ID = 'job_5f0e';

export const urlInput = (id: string, filename: string | null, url = 'https://files.example/in', part = ''): StageInput => ({ id, part, filename, source: { type: 'url', url } });
export const uploadInput = (id: string, filename: string | null, size = 5, part = ''): StageInput => ({ id, part, filename, source: { type: 'upload', size } });

export const step = (id: string, operation: string, more: Partial<StageStep> = {}): StageStep => ({ id, operation, inputs: ['photo'], from: null, parameters: {}, options: {}, providerOptions: {}, ...more });

export const stage = (inputs: readonly StageInput[], ...steps: readonly StageStep[]): StageWork => ({ reference: REFERENCE, callbackUrl: null, inputs, steps, exports: [] });

export const toPng = step('png', 'convert', { from: 'jpg', parameters: { to: 'png' } });

export const running = (...steps: readonly StageStep[]): RunningJob => ({ providerJobId: JOB_ID, reference: REFERENCE, steps, exports: [] });

export const ok = (body: unknown): ScriptedAnswer => ({ status: 200, body });

export const FILE = { filename: 'photo.png', url: 'https://storage.runconvert.com/r/photo.png?sig=1', size: 2048 };

/** An export's result as it is reported of a step. */
export const resultOf = (stepId: string, file: { filename: string | null; url: string; size: number | null } = FILE) => ({ step: stepId, providerFileId: null, contentType: null, ...file });
