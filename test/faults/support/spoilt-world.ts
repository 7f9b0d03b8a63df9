import { smallFile } from '../../doubles/small-files.ts';
import type { Body, View } from './caller.ts';
import { spoiler, type Spoiler } from './spoiler.ts';
import { openWorld, type World, type WorldOptions } from './world.ts';

/** A world in which each vendor can be made to answer anything to any call about any one job. */
export interface SpoiltWorld extends World {
  readonly spoilers: Readonly<Record<string, Spoiler>>;
  /** What all gateways need to go by the spoilers. */
  readonly ways: Readonly<Record<string, string>>;
}

export interface SpoiltWorldOptions extends WorldOptions {
  /** What a 429 to one job taught holds for all, as it is outside. */
  readonly learns?: boolean;
}

export async function openSpoiltWorld({ learns = false, ...options }: SpoiltWorldOptions = {}): Promise<SpoiltWorld> {
  const world = await openWorld(options);
  // Each answer is looked at by itself: no breaker judges them together, and no job waits for what another was told.
  await world.postgres.query(`CREATE FUNCTION no_breaker() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`);
  await world.postgres.query('CREATE TRIGGER no_breakers BEFORE INSERT ON breaker FOR EACH ROW EXECUTE FUNCTION no_breaker()');
  if (!learns) await world.postgres.query('CREATE TRIGGER no_throttles BEFORE INSERT ON provider_throttle FOR EACH ROW EXECUTE FUNCTION no_breaker()');
  const [api2convert, runconvert] = await Promise.all([spoiler(world.vendors.api2convert), spoiler(world.vendors.runconvert)]);
  return {
    ...world,
    spoilers: { api2convert, runconvert },
    ways: { API2CONVERT_BASE_URL: api2convert.baseUrl, RUNCONVERT_BASE_URL: runconvert.baseUrl },
    close: async () => {
      await world.close();
      await Promise.all([api2convert.close(), runconvert.close()]);
    },
  };
}

const PNG = smallFile('png').bytes;

/** A job by whose filename its calls are known; `upload`: with a file that goes to the vendor by itself. */
export function wordedJob(world: World, word: string, { upload = false, ...more }: Body & { readonly upload?: boolean } = {}): Body {
  const input = upload ? { id: 'file', type: 'upload', filename: `${word}.png` } : { id: 'file', type: 'base64', filename: `${word}.png`, data: PNG.toString('base64') };
  return world.job({ inputs: [input], steps: [{ id: 'made', operation: 'convert', to: 'webp' }], ...more });
}

/** Sends it, its file too where it has one to upload. */
export async function sendWorded(world: World, word: string, more: Body & { readonly upload?: boolean } = {}): Promise<View> {
  const job = await world.caller.send(wordedJob(world, word, more));
  if (more.upload === true) {
    const answer = await world.gateways[0]?.call(`/v1/jobs/${job.id}/inputs/file/content`, { method: 'PUT', body: new Uint8Array(PNG) });
    if (answer?.status !== 200) throw new Error(`the upload was answered ${answer?.status}`);
  }
  return job;
}

/** How each try went: "api2convert errored unavailable". */
export const tries = (job: View): string[] => job.attempts.map(({ provider, status, error }) => `${provider} ${status}${error === null ? '' : ` ${error.kind}`}`);

export interface Spent {
  readonly vendor: string;
  readonly jobId: string;
  readonly billable: boolean;
  readonly credits: number;
  readonly outcome: string | null;
}

/** The vendors' jobs that stand for a job of ours, by the references of its attempts. */
export async function vendorJobsOf(world: World, jobId: string): Promise<readonly Spent[]> {
  const rows = await world.postgres.query<{ reference: string; provider_job_id: string | null }>('SELECT reference, provider_job_id FROM attempt WHERE job_id = $1', [jobId]);
  const { jobs } = (await (await fetch(new URL('/sandbox/ledger', world.vendors.runconvert))).json()) as { jobs: readonly (Spent & { readonly reference: string | null })[] };
  return jobs.filter((job) => rows.some((row) => row.provider_job_id === job.jobId || job.reference?.endsWith(row.reference) === true));
}
