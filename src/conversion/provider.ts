import type { Readable } from 'node:stream';
import type { CallbackReading, RawCallback } from './callback.js';
import type { Catalogue, CatalogueEntry } from './catalogue.js';
import type { Credentials, JobExport, JobInput, Options, Parameters, PlaceInput } from './job-graph.js';
import type { ProviderError } from './errors.js';
import type { FileCount } from './file-counts.js';
import type { ListsJobs } from './job-page.js';
import { spellingsOf } from './redaction.js';
import type { OptionRows } from './unified-options.js';

/**
 * What a vendor's adapter implements. An adapter translates and nothing else: no retry, no clock, no database, no log.
 * Every method that talks to the vendor throws `ProviderError` and nothing else, and stops when `signal` aborts.
 */
export interface Provider extends Partial<ListsJobs> {
  /** The configured account's id ("fast-images", "main-eu"). */
  readonly id: string;
  /** The vendor's adapter: the key of `providerOptions`. */
  readonly adapter: string;
  readonly traits: ProviderTraits;

  /**
   * Whether the vendor can do a step, from what is known without asking it. `listed`: its live catalogue names this very thing, so that
   * what the documents say of formats no longer counts; what cannot be told to the vendor is not offered all the same.
   */
  offers(wish: StepWish, listed?: boolean): Offer;
  /** What becomes of unified options and of parameters there. */
  readonly options: OptionRows;
  /** Whether the vendor can be told all that an input of one of `traits.inputTypes` says: what would be lost is not offered. */
  takes(input: JobInput): Offer;
  /** Whether the vendor can deliver a step's results itself, with all that the export says. `consumed`: another step needs the results too. */
  delivers(target: JobExport, consumed: boolean): Offer;

  /** Creates the vendor's job. It may run at once (`traits.startsOnCreate`), or wait for uploads and `start`. */
  create(work: StageWork, signal: AbortSignal): Promise<CreatedJob>;
  /** Sends the bytes of one input that `create` left open. */
  upload(work: StageWork, created: CreatedJob, inputId: string, content: Content, signal: AbortSignal): Promise<void>;
  /** Lets a created job run. Quiet where it runs already. */
  start(created: CreatedJob, signal: AbortSignal): Promise<void>;

  /** How the vendor's job stands now. */
  read(job: RunningJob, signal: AbortSignal): Promise<Report>;
  /** Best effort; quiet when the job is unknown, ended, or the vendor offers no cancel. */
  cancel(providerJobId: string, signal: AbortSignal): Promise<void>;

  /**
   * The id of the vendor's job that carries our reference, looked for among the newest of the account; null when there is none. Only where a create is a
   * start: elsewhere a job that nobody knows of is inert.
   */
  find?(reference: string, signal: AbortSignal): Promise<string | null>;

  /**
   * Only where callbacks belong to the account: sees to it that the vendor calls `url`, once. Endpoints that are ours by `isOurs` and are not `url` any more
   * are taken away; others are left alone.
   */
  registerCallbacks?(url: string, isOurs: (endpoint: string) => boolean, signal: AbortSignal): Promise<'there' | 'made'>;

  /** What an inbound callback is worth. Pure: asks nobody. */
  readCallback(callback: RawCallback): CallbackReading;
  /**
   * How a job stands by the body of a proven callback, in the words of `read`. Null where it tells too little to go by: no status, no job or another one,
   * a success that names no file, a failure without a reason. Pure.
   */
  readCallbackReport(job: RunningJob, body: string): Report | null;

  /** How the account stands: reads alone, costs nothing. Calls are named "account" (with the key) and "catalogue". */
  inspect?(signal: AbortSignal): Promise<Inspection>;

  /** The vendor's live catalogue, whole: reads alone, costs nothing, may be many calls, each named "catalogue". */
  catalogue?(signal: AbortSignal): Promise<Catalogue>;
  /** What the vendor's documents tell of options and prices: it counts where the live catalogue is silent. */
  readonly shipped?: readonly CatalogueEntry[];
}

/** A key that works, and what the account can see with it. */
export interface Inspection {
  readonly account: 'ok';
  /** `missing`: what the adapter offers and the vendor does not list. Null where the vendor shows no catalogue that can be read. */
  readonly catalogue: { readonly entries: number; readonly missing: readonly string[] } | null;
  /** `credits` null: the vendor did not tell a number. Null where it tells no balance at all. */
  readonly balance: { readonly credits: number | null; readonly unlimited: boolean } | null;
  /** What an operator should know, in sentences. */
  readonly remarks: readonly string[];
}

export interface ProviderTraits {
  /** True: one vendor job runs a whole DAG. False: it applies every conversion to every input of the job. */
  readonly wholeGraph: boolean;
  /** True: a create is a start, so a lost answer may have started a job. */
  readonly startsOnCreate: boolean;
  /** `job`: the callback URL travels with the job. `account`: registered once for the account. */
  readonly callbacks: 'job' | 'account';
  /** Input types that the vendor takes natively or that the adapter carries for it. */
  readonly inputTypes: readonly string[];
}

/** A step as routing asks for it: formats are canonical ("jpg", never "jpeg"), null when nobody can know. */
export interface StepWish {
  readonly operation: string;
  readonly from: string | null;
  readonly parameters: Parameters;
  readonly options: Options;
  /** By adapter. */
  readonly adapterOptions?: Readonly<Record<string, Options>>;
  /** How many files of this format go in; one where it is not said. */
  readonly files?: FileCount;
  /** The size of the largest of them; null where nobody can tell. */
  readonly bytes?: number | null;
}

export type Offer = { readonly offered: true } | { readonly offered: false; readonly reason: string };

/** One stage: what runs as one vendor job. */
export interface StageWork {
  /** Ours; travels with the vendor's job so that it can be found again. 22 or more URL-safe characters. */
  readonly reference: string;
  readonly callbackUrl: string | null;
  readonly inputs: readonly StageInput[];
  /** In an order in which every step comes after what it consumes. */
  readonly steps: readonly StageStep[];
  readonly exports: readonly StageExport[];
}

/** A delivery that the vendor makes itself, of results of this stage. */
export interface StageExport {
  readonly target: JobExport;
  readonly credentials: Credentials;
  /** Those of the export's steps that are in this stage; never empty. */
  readonly steps: readonly string[];
}

export interface StageInput {
  /** The job input's id, or the id of the step in an earlier stage whose result this is. */
  readonly id: string;
  /** Distinguishes several files of one step's result; "" when there is one. */
  readonly part: string;
  /** A name, never a path. */
  readonly filename: string | null;
  readonly source: InputSource;
}

export type InputSource =
  /** The vendor fetches it. */
  | { readonly type: 'url'; readonly url: string }
  /** We hold the bytes and send them after `create`. `size` in bytes. */
  | { readonly type: 'upload'; readonly size: number }
  /** Small enough to travel inside the create. Plain base64. */
  | { readonly type: 'base64'; readonly data: string }
  /** In a store of the caller's: the vendor fetches it with the caller's credentials. */
  | { readonly type: 'place'; readonly place: PlaceInput; readonly credentials: Credentials }
  /** A result of an earlier job at the same account. */
  | { readonly type: 'result'; readonly providerFileId: string; readonly url: string };

export interface StageStep {
  readonly id: string;
  readonly operation: string;
  /** Ids of stage inputs and of earlier steps of this stage. */
  readonly inputs: readonly string[];
  readonly from: string | null;
  readonly parameters: Parameters;
  readonly options: Options;
  /** The caller's options for this very adapter. */
  readonly providerOptions: Options;
}

/** What the callers' credentials in a stage may look like in a vendor's words: never to be repeated. */
export function secretsOf(work: StageWork): readonly string[] {
  const used = [...work.inputs.flatMap(({ source }) => (source.type === 'place' ? [source.credentials] : [])), ...work.exports.map(({ credentials }) => credentials)];
  return used.flatMap(spellingsOf);
}

/** Bytes that we hold. `open` may be called once per upload. */
export interface Content {
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
  open(): Readable;
}

export interface CreatedJob {
  readonly providerJobId: string;
  /** Stage inputs whose bytes the vendor now waits for, by `uploadKey`. */
  readonly awaitsUploads: readonly string[];
  /** The adapter's own notes from the create (upload host, form, job token). Kept in memory only. */
  readonly notes: Readonly<Record<string, unknown>>;
}

export interface RunningJob {
  readonly providerJobId: string;
  readonly reference: string;
  readonly steps: readonly StageStep[];
  readonly exports: readonly Pick<StageExport, 'target' | 'steps'>[];
}

/** How the delivery of one step's results ended. */
export interface Delivery {
  readonly exportId: string;
  readonly step: string;
  /** Why it could not be delivered; null: it was. */
  readonly refusal: string | null;
}

/** How a vendor's job stands. `results` of one that is not done, or failed: all files of those of its steps that are done all the same; where there are none, it is left out. */
export type Report =
  /** `progress` 0 to 100, null when the vendor does not tell. `word`: the vendor's own status. */
  | { readonly state: 'running'; readonly progress: number | null; readonly word: string; readonly results?: readonly VendorFile[] }
  /** Every step is done. `deliveries`: one for each step of each export; a step whose results were delivered need not have left a file. */
  | { readonly state: 'succeeded'; readonly results: readonly VendorFile[]; readonly deliveries: readonly Delivery[]; readonly cost: Cost }
  | { readonly state: 'failed'; readonly error: ProviderError; readonly cost: Cost; readonly results?: readonly VendorFile[] }
  | { readonly state: 'canceled'; readonly cost: Cost; readonly results?: readonly VendorFile[] };

/** In the vendor's credits; null when the vendor did not tell. */
export interface Cost {
  readonly credits: number | null;
}

export interface VendorFile {
  /** The step that made it. */
  readonly step: string;
  /** The vendor's id of the file, null where it has none. */
  readonly providerFileId: string | null;
  readonly url: string;
  /** As the vendor says; not to be trusted as a path. */
  readonly filename: string | null;
  readonly contentType: string | null;
  readonly size: number | null;
  /** Without them the vendor does not hand it out. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What `PROVIDERS_FILE` or the environment says of one account. */
export interface ProviderAccount {
  readonly id: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly webhookSecret: string | null;
  /** Checked by the adapter's own schema. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The key of a stage input in `CreatedJob.awaitsUploads`. */
export function uploadKey(input: Pick<StageInput, 'id' | 'part'>): string {
  return input.part === '' ? input.id : `${input.id}.${input.part}`;
}
