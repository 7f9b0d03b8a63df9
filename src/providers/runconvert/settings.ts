import { z } from 'zod';

const words = z.array(z.string().min(1)).default([]);

/** What the documents leave open. Every field has a default; unknown fields are refused. */
export const settingsSchema = z.strictObject({
  /** Jobs live at `{baseUrl}/{pathPrefix}/jobs`. */
  pathPrefix: z.string().regex(/^[\w-]+(\/[\w-]+)*$/).default('process'),
  /** `import/url`: the documents say `url`, the SDKs `source_url`. */
  urlField: z.enum(['url', 'source_url']).default('url'),
  /** Words for a job's or task's state beside the known ones. */
  statusWords: z.strictObject({ running: words, succeeded: words, failed: words, canceled: words }).prefault({}),
  /** The header of a webhook's signature. While null, callbacks are hints: no document names the header. */
  signatureHeader: z.string().min(1).toLowerCase().nullable().default(null),
  /** HMAC of the raw body, in hex. */
  signatureAlgorithm: z.enum(['sha256', 'sha512']).default('sha256'),
  /** The documents merge with `merge`, the SDKs with a `convert` of several inputs. */
  merge: z.enum(['merge', 'convert']).default('merge'),
  /** The multipart field that holds the bytes. */
  uploadField: z.string().min(1).default('file'),
});

export type Settings = z.infer<typeof settingsSchema>;

export type State = 'running' | 'succeeded' | 'failed' | 'canceled';

/** RunConvert's documents, its SDKs and the services that it resembles; any other word means that the job still runs. */
const WORDS: readonly (readonly [State, readonly string[]])[] = [
  ['running', ['created', 'waiting', 'queued', 'pending', 'processing']],
  ['succeeded', ['completed', 'finished', 'success']],
  ['failed', ['failed', 'error']],
  ['canceled', ['canceled', 'cancelled']],
];

/** What a status word means, by the settings too. */
export function stateWords(settings: Settings): (status: string | null) => State {
  const { running, succeeded, failed, canceled } = settings.statusWords;
  const extra: typeof WORDS = [['running', running], ['succeeded', succeeded], ['failed', failed], ['canceled', canceled]];
  const words = new Map([...WORDS, ...extra].flatMap(([state, list]) => list.map((word) => [word.toLowerCase(), state] as const)));
  return (status) => words.get(status?.trim().toLowerCase() ?? '') ?? 'running';
}
