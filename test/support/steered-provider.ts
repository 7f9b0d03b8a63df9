import { ProviderError } from '../../src/conversion/errors.js';
import type { CreatedJob, ProviderTraits, Report } from '../../src/conversion/provider.js';
import { FakeProvider } from './fake-provider.js';

const BUSY: Report = { state: 'running', progress: null, word: 'busy' };

/** Says what it is told to say; `before` happens while it is asked. */
export class Steered extends FakeProvider {
  says: Report | ProviderError = BUSY;
  before: () => Promise<unknown> = () => Promise.resolve();
  creates = 0;

  /** As if nothing had happened. */
  reset(): void {
    Object.assign(this, { says: BUSY, before: () => Promise.resolve(), creates: 0 });
    this.canceled.length = 0;
  }

  override async read(): Promise<Report> {
    await this.before();
    if (this.says instanceof ProviderError) throw this.says;
    return this.says;
  }

  override async create(): Promise<CreatedJob> {
    this.creates += 1;
    await this.before();
    return super.create();
  }
}

/** Where a create is a start, and there is a way to search. */
export class Eager extends Steered {
  override readonly traits: ProviderTraits = { wholeGraph: true, startsOnCreate: true, callbacks: 'account', inputTypes: ['url'] };
  found: string | null = null;

  override reset(): void {
    super.reset();
    this.found = null;
  }

  async find(): Promise<string | null> {
    return this.found;
  }
}
