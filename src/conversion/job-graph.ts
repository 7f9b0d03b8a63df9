/** What a caller asks for, once read: every default filled in, every reference known to lead somewhere. */

/** A decimal amount, never a float. `amount` is null when the cost is unknown. */
export interface Money {
  readonly amount: string | null;
  readonly currency: string;
}

/** The secrets of one place, by field name. They never stand in a graph: `places.ts` says which a place has, and they travel beside it. */
export type Credentials = Readonly<Record<string, string>>;

interface Credentialed {
  /** The names of the credentials that were given, so that whoever looks for a provider knows what it would have to take. Never a value. */
  readonly credentialFields: readonly string[];
}

interface S3Place extends Credentialed {
  readonly type: 's3';
  readonly bucket: string;
  readonly key: string;
  readonly region?: string;
  readonly endpoint?: string;
}

interface GcsPlace extends Credentialed {
  readonly type: 'gcs';
  readonly bucket: string;
  readonly key: string;
  readonly projectId?: string;
}

interface AzurePlace extends Credentialed {
  readonly type: 'azure-blob';
  readonly container: string;
  readonly key: string;
}

interface ServerPlace extends Credentialed {
  readonly type: 'sftp' | 'ftp';
  readonly host: string;
  readonly port?: number;
  readonly path: string;
}

interface DrivePlace extends Credentialed {
  readonly type: 'google-drive';
  readonly fileId: string;
}

/** `url`: fetched by the provider, or by the gateway (`fetch`). */
export interface UrlInput {
  readonly id: string;
  readonly type: 'url';
  readonly url: string;
  readonly filename?: string;
  readonly fetch: 'provider' | 'gateway';
  /** Names of the headers that the gateway sends with its request. Their values are secrets like any credential, and travel beside the graph. */
  readonly headerNames?: readonly string[];
}

/** The caller sends the bytes with `PUT …/inputs/{id}/content`. `size` in bytes, if the caller told it. */
export interface UploadInput {
  readonly id: string;
  readonly type: 'upload';
  readonly filename?: string;
  readonly size?: number;
  readonly uploadId?: string;
}

/** `data` is plain base64 here, whatever spelling (data URL, base64url) the caller used. */
export interface Base64Input {
  readonly id: string;
  readonly type: 'base64';
  readonly data: string;
  readonly filename?: string;
}

/** Where a file is, or goes to, in a store of the caller's. */
export type Store = S3Place | GcsPlace | AzurePlace | ServerPlace;

/** A file in a store of the caller's, which the provider fetches with the caller's credentials. */
export type PlaceInput = { readonly id: string } & (Store | DrivePlace);

/** An output of an earlier job of the same tenant. `filename` is its name, once it was found. */
export interface JobOutputInput {
  readonly id: string;
  readonly type: 'job-output';
  readonly jobId: string;
  readonly outputId: string;
  readonly filename?: string;
}

export type JobInput =
  | UrlInput
  | UploadInput
  | Base64Input
  | PlaceInput
  | JobOutputInput;

export type InputType = JobInput['type'];

/** Delivery of steps' results to a store of the caller's. `inputs`: the steps; never empty. */
export type JobExport = { readonly id: string; readonly inputs: readonly string[] } & (
  | Store
  | (Credentialed & { readonly type: 'google-drive'; readonly folderId?: string; readonly filename?: string })
  | (Credentialed & { readonly type: 'youtube'; readonly title?: string })
);

export type ExportType = JobExport['type'];

export type Options = Readonly<Record<string, unknown>>;

/** Parameters that the operation table (operations.ts) knows, by name: `to`, `level`, `text`, `width`, … */
export type Parameters = Readonly<Record<string, string | number>>;

export interface Step {
  readonly id: string;
  readonly operation: string;
  /** Ids of job inputs and of other steps, in the caller's order. Never empty, but for `capture`. */
  readonly inputs: readonly string[];
  readonly parameters: Parameters;
  readonly options: Options;
  /** By adapter name; passed through untouched. */
  readonly providerOptions: Readonly<Record<string, Options>>;
}

export const STRATEGIES = ['cheapest', 'fastest', 'most-reliable', 'balanced', 'priority', 'weighted'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface Routing {
  readonly strategy: Strategy;
  readonly only: readonly string[];
  readonly exclude: readonly string[];
  readonly prefer: readonly string[];
  readonly regions: readonly string[];
  readonly maxCost: Money | null;
  /** Tries of any one stage. */
  readonly maxAttempts: number;
  /** Seconds from `queued`. */
  readonly deadlineSeconds: number;
  readonly strict: boolean;
  readonly quoteId: string | null;
}

/** What callers can be told of, in the order in which it happens. */
export const WEBHOOK_EVENTS = ['job.queued', 'job.processing', 'export.delivered', 'export.undeliverable', 'job.completed', 'job.failed', 'job.canceled'] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** Where a job's events are sent. What signs them stands beside the graph, like credentials. */
export interface JobWebhook {
  readonly url: string;
  /** Never empty. */
  readonly events: readonly WebhookEvent[];
}

/** What a job that keeps to a quote is bound to, whatever becomes of the quote. */
export interface QuoteLock {
  /** The provider of each step, by the step's id. */
  readonly providers: Readonly<Record<string, string>>;
  /** The most that the plan may cost when it is made; null: the quote knew no price. */
  readonly ceiling: Money | null;
}

/** A whole job as asked for. `steps` stand in an order in which every step comes after what it consumes. */
export interface JobGraph {
  readonly inputs: readonly JobInput[];
  readonly steps: readonly Step[];
  readonly exports: readonly JobExport[];
  readonly routing: Routing;
  /** Only where `routing.quoteId` is set. */
  readonly quoted?: QuoteLock;
  /** `routing.maxCost` in the currency in which everything is compared. Only where that is set. */
  readonly ceiling?: { readonly amount: string; readonly currency: string };
  readonly webhook: JobWebhook | null;
  /** As the caller wrote it: an ISO 8601 duration. */
  readonly retention: string;
  readonly retentionSeconds: number;
  readonly tag: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Steps whose results nobody consumes: what the caller gets back. */
export function outputSteps(steps: readonly Step[]): readonly Step[] {
  const consumed = new Set(steps.flatMap((step) => step.inputs));
  return steps.filter((step) => !consumed.has(step.id));
}
