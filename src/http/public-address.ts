import { Injectable } from '@nestjs/common';
import { Env } from '../platform/env.js';

/** Where callers and vendors reach this service. Known once it listens. */
@Injectable()
export class PublicAddress {
  private listening = '';

  constructor(private readonly env: Env) {}

  listens(at: string): void {
    this.listening = at.replace(/\/+$/, '');
  }

  /** What callers are told: PUBLIC_URL, or the listener's own address. */
  get url(): string {
    return this.env.raw.PUBLIC_URL?.replace(/\/+$/, '') ?? this.listening;
  }

  /** What a vendor can call back to; null where it could not: no PUBLIC_URL, and a vendor that is not on this machine. */
  callbackBase(vendorBaseUrl: string): string | null {
    if (this.env.raw.PUBLIC_URL !== undefined) return this.url;
    // A process that does not serve the API has no route for callbacks.
    if (!this.env.servesApi) return null;
    const host = new URL(vendorBaseUrl).hostname;
    const local = host === 'localhost' || host === '[::1]' || /^127\./.test(host);
    return local && this.listening !== '' ? this.listening : null;
  }
}
