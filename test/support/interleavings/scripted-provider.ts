import { ProviderError, type ErrorKind } from '../../../src/conversion/errors.js';
import type { CreatedJob, ProviderTraits, Report, RunningJob, StageWork } from '../../../src/conversion/provider.js';
import { FakeProvider } from '../fake-provider.js';
import { Turn } from './script.js';

interface VendorJob {
  readonly id: string;
  readonly reference: string;
  runs: boolean;
}

/** A vendor that says what the turn's script wants, and knows all the same which jobs it has. */
export class ScriptedProvider extends FakeProvider {
  override readonly traits: ProviderTraits;
  readonly jobs = new Map<string, VendorJob>();
  readonly find?: (reference: string) => Promise<string | null>;

  constructor(id: string, operations: readonly string[], { wholeGraph, startsOnCreate }: Pick<ProviderTraits, 'wholeGraph' | 'startsOnCreate'>) {
    super(id, operations, wholeGraph);
    this.traits = { wholeGraph, startsOnCreate, callbacks: startsOnCreate ? 'account' : 'job', inputTypes: ['url', 'upload', 's3'] };
    if (startsOnCreate) this.find = (reference) => this.search(reference);
  }

  override async create({ reference }: Partial<StageWork> = {}): Promise<CreatedJob> {
    const turn = Turn.now;
    const { create } = turn.script;
    await turn.passes('before create');
    if (create !== 'made' && create !== 'made, answer lost' && create !== 'answer lost') throw failed(create, 'not_created');
    const id = `${this.id}-${this.jobs.size + 1}`;
    if (create !== 'answer lost') this.jobs.set(id, { id, reference: reference ?? '', runs: this.traits.startsOnCreate });
    await turn.passes('after create');
    if (create !== 'made') throw failed('unavailable', 'unknown');
    return { providerJobId: id, awaitsUploads: [], notes: {} };
  }

  override async start({ providerJobId }: Partial<CreatedJob> = {}): Promise<void> {
    const turn = Turn.now;
    await turn.passes('start');
    if (turn.script.start !== 'ok') throw failed(turn.script.start);
    const job = this.jobs.get(providerJobId ?? '');
    if (job !== undefined) job.runs = true;
  }

  override async read(job?: RunningJob): Promise<Report> {
    const turn = Turn.now;
    await turn.passes('read');
    const { read } = turn.script;
    const cost = { credits: 1 };
    switch (read.as) {
      case 'running':
        return { state: 'running', progress: read.progress, word: read.word };
      case 'succeeded':
        return success(job, read.refusal);
      case 'failed':
        return { state: 'failed', error: failed(read.kind), cost };
      case 'canceled':
        return { state: 'canceled', cost };
      case 'unreadable':
        throw failed(read.kind);
      default:
        return read satisfies never;
    }
  }

  /** Of a signed callback. */
  override readCallbackReport(job: RunningJob, body: string): Report | null {
    if (body.includes('done')) return success(job, null);
    return body.includes('canceled') ? { state: 'canceled', cost: { credits: null } } : null;
  }

  private async search(reference: string): Promise<string | null> {
    const turn = Turn.now;
    await turn.passes('find');
    if (turn.script.find === 'cannot') throw failed('unavailable');
    return [...this.jobs.values()].find((job) => job.reference === reference)?.id ?? null;
  }
}

function success(job: RunningJob | undefined, refusal: string | null): Report {
  const deliveries = (job?.exports ?? []).flatMap(({ target, steps }) => steps.map((step) => ({ exportId: target.id, step, refusal })));
  const results = (job?.steps ?? []).map(({ id }) => ({ step: id, providerFileId: `file-${id}`, url: 'https://vendor.example/file', filename: `${id}.png`, contentType: null, size: null }));
  return { state: 'succeeded', results, deliveries, cost: { credits: 1 } };
}

const OPERATIONS = ['convert', 'compress'];

/** One that applies everything to every file, one at which a create is a start, and one that runs whole graphs. */
export const PROVIDERS: readonly ScriptedProvider[] = [
  new ScriptedProvider('flat', OPERATIONS, { wholeGraph: false, startsOnCreate: false }),
  new ScriptedProvider('eager', OPERATIONS, { wholeGraph: true, startsOnCreate: true }),
  new ScriptedProvider('whole', OPERATIONS, { wholeGraph: true, startsOnCreate: false }),
];

const failed = (kind: ErrorKind, created?: 'not_created' | 'unknown') => new ProviderError(kind, 'Because.', { code: 'theirs', ...(created === undefined ? {} : { created }) });
