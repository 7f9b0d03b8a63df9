import type { VendorName } from './scenario.js';

/** A request as a vendor received it: names of headers, never their values. */
export interface ReceivedRequest {
  readonly at: string;
  readonly vendor: VendorName;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  /** Whether the account's key came along. */
  readonly accountKey: boolean;
}

const KEPT = 5_000;

/** The last requests received, oldest first. */
export class Requests {
  private kept: ReceivedRequest[] = [];

  add(request: ReceivedRequest): void {
    this.kept.push(request);
    if (this.kept.length > 2 * KEPT) this.kept = this.kept.slice(-KEPT);
  }

  list(): readonly ReceivedRequest[] {
    return this.kept.slice(-KEPT);
  }

  clear(): void {
    this.kept = [];
  }
}
