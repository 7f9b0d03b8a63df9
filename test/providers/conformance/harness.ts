import type { ErrorKind } from '../../../src/conversion/errors.js';
import type { ExportType } from '../../../src/conversion/job-graph.js';
import type { Cost, Inspection, Provider, ProviderAccount, Report, RunningJob, StageWork } from '../../../src/conversion/provider.js';
import type { VendorHttp } from '../../../src/providers/vendor-call.js';
import type { ScriptedAnswer } from '../scripted-http.js';

/** What an adapter brings to the suite: its factory, and how its vendor talks. Every difference between vendors is a field here. */
export interface AdapterHarness {
  readonly make: (account: ProviderAccount, http: VendorHttp, now: () => Date) => Provider;
  /** Without a trailing slash; the suite tries it with one too. */
  readonly baseUrl: string;
  /** Settings under which every clause runs (signature header and algorithm, where the vendor leaves them open). */
  readonly settings: Readonly<Record<string, unknown>>;
  /** One `url` input and one `convert` step over it. `reference` stands in `callbackUrl`. */
  readonly work: StageWork;
  /** One `upload` input (size 5) and one `convert` step over it. */
  readonly uploadWork: StageWork;
  readonly answers: HarnessAnswers;
  /** Bodies as the vendor was seen to send them, each with what it means. */
  readonly fixtures: readonly RecordedFixture[];
  readonly callback: CallbackSamples;
  readonly inspection: InspectionSample;
  /** The account's webhooks as the vendor lists them; never asked for where callbacks belong to a job. */
  readonly webhooks: { readonly list: (webhooks: readonly (readonly [id: string, endpoint: string])[]) => ScriptedAnswer };
  /** Lists of jobs, page by page, the last of which holds the job that `reference` belongs to; none where a create is inert. */
  readonly finding: { readonly pages: (reference: string) => readonly ScriptedAnswer[]; readonly end: ScriptedAnswer; readonly endless: (page: number) => ScriptedAnswer } | null;
  readonly listing: ListingSample;
  readonly catalogue: CatalogueSample;
  /** The operations of the contract that the vendor is offered for; every other one is refused with a reason. */
  readonly offered: readonly string[];
  /** The export types that the vendor delivers itself; every other one is refused with a reason. */
  readonly delivered: readonly ExportType[];
  /** What a 402 means whose body names no code. */
  readonly paymentRequired: Extract<ErrorKind, 'quota_exhausted' | 'rate_limited'>;
  /** Secrets that the answers of `createForUpload` hold (job token, upload signature): never in an error. */
  readonly secretsInAnswers: readonly string[];
}

/** Each list is the answers that one method of the adapter gets, call by call; `[]` where it makes no call. */
export interface HarnessAnswers {
  readonly create: readonly ScriptedAnswer[];
  readonly createForUpload: readonly ScriptedAnswer[];
  /** The id of the job that both creates give. */
  readonly providerJobId: string;
  readonly upload: readonly ScriptedAnswer[];
  /** The same with empty notes, as after a restart. */
  readonly uploadAfterRestart: readonly ScriptedAnswer[];
  readonly start: readonly ScriptedAnswer[];
  readonly cancel: readonly ScriptedAnswer[];
  readonly readRunning: readonly ScriptedAnswer[];
  readonly readSucceeded: readonly ScriptedAnswer[];
  readonly readFailed: readonly ScriptedAnswer[];
  /** A job whose step was done and whose only delivery was made, or refused with the words "No such bucket". */
  readonly readDelivered: (outcome: 'delivered' | 'refused') => readonly ScriptedAnswer[];
  /** A success whose step has no file. */
  readonly readSucceededWithoutFile: readonly ScriptedAnswer[];
  /** A job whose status is `word`. */
  readonly readStatus: (word: string) => readonly ScriptedAnswer[];
  /** The body of a refusal in the vendor's shape. */
  readonly refusal: (status: number, message: string) => unknown;
  /** Create refused because the vendor does not know the target. */
  readonly unsupported: ScriptedAnswer;
}

export interface RecordedFixture {
  readonly name: string;
  readonly answers: readonly ScriptedAnswer[];
  /** The job that is read; that of `work` unless said. */
  readonly job?: RunningJob;
  readonly report: ExpectedReport;
}

/** A report as a test writes it: of an error, its kind and the vendor's code. */
export type ExpectedReport =
  | Exclude<Report, { readonly state: 'failed' }>
  | { readonly state: 'failed'; readonly kind: ErrorKind; readonly code: string | null; readonly cost: Cost };

export interface InspectionSample {
  /** Of a whole inspection, the account's first. */
  readonly answers: readonly ScriptedAnswer[];
  /** How many entries of the catalogue they tell, and some formats that they list. */
  readonly entries: number;
  readonly listed: readonly string[];
  readonly balance: Inspection['balance'];
}

export interface ListingSample {
  /** One page of these jobs. */
  readonly page: (jobs: readonly unknown[]) => ScriptedAnswer;
  /** All pages of an account whose unfinished jobs are `ids`. */
  readonly pages: readonly ScriptedAnswer[];
  readonly ids: readonly string[];
}

export interface CatalogueSample {
  /** Of a whole reading, in the order of the calls. */
  readonly answers: readonly ScriptedAnswer[];
  /** What they list, with its options by name; null: not told. */
  readonly entries: readonly (readonly [operation: string | null, from: string | null, to: string | null, options: readonly string[] | null, credits: number | null])[];
  readonly covers: readonly string[];
}

export interface CallbackSamples {
  /** A callback's body as the vendor sends it for `providerJobId`. */
  readonly body: Buffer;
  /** A callback's body as the vendor sends it for a job that a read shows like this. */
  readonly about: (job: object) => string;
  /** Bodies about `answers.providerJobId` from which nothing can be concluded. */
  readonly short: readonly string[];
  /** The id that the body tells. */
  readonly providerJobId: string;
  /** The lower-case name of the signature's header. */
  readonly header: string;
  /** The header's value for a body. */
  readonly sign: (body: Buffer, secret: string) => string;
}
