import type { Delivery, RunningJob } from '../../conversion/provider.js';
import { redact } from '../../conversion/redaction.js';
import type { Api2convertConversion, Api2convertJob } from './wire.js';

/** How the deliveries of a job stand. */
export interface Deliveries {
  /** Some are still under way. */
  readonly open: boolean;
  readonly all: readonly Delivery[];
  /** Steps whose result went, or was to go, out: the conversion itself was done. */
  readonly steps: ReadonlySet<string>;
}

/**
 * How each delivery ended, by the status of its output target (OpenAPI document, OutputTarget: waiting, uploading, completed, failed). One whose
 * status the vendor does not tell shares the job's end. `conversionOf` finds the conversion that a step is.
 */
export function readDeliveries(job: Api2convertJob, failed: boolean, exports: RunningJob['exports'], conversionOf: (step: string) => Api2convertConversion | null, secrets: readonly string[]): Deliveries {
  const places = new Map<string, number>();
  const told = exports.flatMap(({ target, steps }) =>
    steps.map((step) => {
      const place = places.get(step) ?? 0;
      places.set(step, place + 1);
      const status = conversionOf(step)?.output_target[place]?.status?.toLowerCase() ?? null;
      return { exportId: target.id, step, status };
    }),
  );
  const why = job.errors.find(({ message }) => message !== null)?.message ?? null;
  const refusal = `api2convert could not deliver it${why === null ? '.' : `: "${redact(why, secrets).slice(0, 300)}"`}`;
  const arrived = (status: string | null): boolean => status === 'completed' || (status !== 'failed' && !failed);
  return {
    open: told.some(({ status }) => status === 'waiting' || status === 'uploading'),
    all: told.map(({ exportId, step, status }) => ({ exportId, step, refusal: arrived(status) ? null : refusal })),
    steps: new Set(told.flatMap(({ step, status }) => (status === 'failed' || arrived(status) ? [step] : []))),
  };
}
