import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { GatewayProcess } from './gateway-process.ts';
import { DURING_THE_OUTAGE, MERGE_AND_THUMBNAIL, PHOTOGRAPH_TO_PNG, PHOTOGRAPH_TO_WEBP, type DemoJob } from './jobs.ts';
import { checkResult } from './result-check.ts';
import { RestClient, type Job, type TimelineEvent } from './rest-client.ts';
import { bold, dim, green, JobLine, readableSize, say } from './screen.ts';

const SAMPLES = fileURLToPath(new URL('../samples/', import.meta.url));
const LOOK_MS = 100;

/** What the demo shows, told to a person. Throws, in one sentence, at the first thing that is not as it should be. */
export async function tellStory(gateway: GatewayProcess, folder: string, signal: AbortSignal): Promise<void> {
  const client = new RestClient(gateway, signal);
  const found: string[] = [];
  const tell = async (demo: DemoJob): Promise<Job> => {
    const job = await run(client, demo, signal);
    found.push(...(await collect(client, demo, job, folder)));
    return job;
  };
  await tell(PHOTOGRAPH_TO_PNG);
  await tell(PHOTOGRAPH_TO_WEBP);
  await tell(MERGE_AND_THUMBNAIL);
  say(`\n  ${bold('Now api2convert goes down:')} its port is shut, connections are refused.\n`);
  await shut(gateway, 'api2convert', signal);
  const moved = await tell(DURING_THE_OUTAGE);
  if (!moved.attempts.some(({ provider, status }) => provider === 'api2convert' && status === 'errored')) throw new Error('The job was to fail at api2convert first, and was never tried there.');
  say(`\n  ${bold('How that job moved')} ${dim(`GET /v1/jobs/${moved.id}/events`)}\n`);
  for (const line of readableTimeline(await client.timeline(moved.id))) say(`  ${line}`);
  say(`\n  ${bold('The results')}, each opened and looked at, lie in ${folder}\n`);
  for (const line of found) say(`  ${green('✔')} ${line}`);
}

/** Sends a job, uploads what it needs and follows it to its end. */
async function run(client: RestClient, demo: DemoJob, signal: AbortSignal): Promise<Job> {
  const line = new JobLine(demo.name);
  let job = await client.send(demo.body);
  for (const [inputId, sample] of Object.entries(demo.uploads)) job = await client.upload(job.id, inputId, await readFile(join(SAMPLES, sample)));
  while (!['completed', 'failed', 'canceled'].includes(job.status)) {
    line.moved(job);
    await pause(LOOK_MS, undefined, { signal });
    job = await client.read(job.id);
  }
  line.ended(job);
  if (job.status !== 'completed') throw new Error(`The job "${demo.name}" ${job.status}: ${job.error?.message ?? 'without a reason'}`);
  const last = job.steps.at(-1)?.provider;
  if (demo.provider !== null && last !== demo.provider) throw new Error(`The job "${demo.name}" ended at ${last ?? 'no provider'}, not at ${demo.provider}.`);
  return job;
}

/** Downloads and checks every result, keeps it in `folder`, and says what each is. */
async function collect(client: RestClient, demo: DemoJob, job: Job, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    Object.entries(demo.results).map(async ([step, { file, expected }]) => {
      const output = job.outputs.find((candidate) => candidate.step === step);
      if (output === undefined) throw new Error(`The job "${demo.name}" has no result of its step "${step}".`);
      const bytes = await client.download(output.url);
      const description = await checkResult(file, bytes, expected);
      await writeFile(join(folder, file), bytes);
      return `${file.padEnd(22)} ${description.padEnd(18)} ${dim(readableSize(bytes.length).padStart(7))}`;
    }),
  );
}

/** Through the control plane at the other vendor's port, which stays open. */
async function shut({ sandbox }: GatewayProcess, vendor: string, signal: AbortSignal): Promise<void> {
  if (sandbox === null) throw new Error('The gateway started without its sandbox, although no vendor key is set.');
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ listening: false }), signal };
  const answer = await fetch(new URL(`/sandbox/vendors/${vendor}`, sandbox.runconvert), init);
  if (!answer.ok) throw new Error(`The sandbox did not shut ${vendor}: it answered ${answer.status}.`);
}

function readableTimeline(events: readonly TimelineEvent[]): string[] {
  const began = Date.parse(events[0]?.at ?? '');
  return events.map(({ type, at, detail }) => {
    const seconds = `+${((Date.parse(at) - began) / 1000).toFixed(2)} s`.padStart(9);
    return `${dim(seconds)}  ${type.padEnd(20)} ${dim(inWords(detail))}`.trimEnd();
  });
}

/** What of an event's detail tells a person something. */
function inWords(detail: TimelineEvent['detail']): string {
  const { provider, from, reason, kind, status, message, stages, afterMs } = detail;
  const planned = Array.isArray(stages) ? (stages as { provider: string }[]).map((stage) => stage.provider).join(', then ') : undefined;
  const words = [
    typeof from === 'string' && planned !== undefined ? `${from} → ${planned}` : (planned ?? provider),
    kind ?? reason ?? status,
    typeof afterMs === 'number' ? `again in ${afterMs / 1000} s` : undefined,
    message,
  ];
  return words.filter((word): word is string => typeof word === 'string').join(' · ').slice(0, 110);
}
