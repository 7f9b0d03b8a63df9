import type { z } from 'zod';
import type { Provider, ProviderAccount } from '../conversion/provider.js';
import type { VendorAnswer, VendorHttp } from './vendor-call.js';
import { departures as api2convertDepartures } from './api2convert/errors.js';
import { departures as runconvertDepartures } from './runconvert/errors.js';
import { api2convertProvider, settingsSchema as api2convertSettings } from './api2convert/provider.js';
import { runconvertProvider, settingsSchema as runconvertSettings } from './runconvert/provider.js';

/** One vendor's adapter: its code, its settings, and the environment variables of its single account. */
export interface Adapter {
  readonly name: string;
  readonly settings: z.ZodType;
  /** Variables: `<prefix>_API_KEY`, `<prefix>_BASE_URL`, `<prefix>_WEBHOOK_SECRET`. */
  readonly environment: string;
  readonly defaultBaseUrl: string;
  create(account: ProviderAccount, http: VendorHttp, now: () => Date): Provider;
  /** What the answer to a call, by its name, says otherwise than the vendor's documents, or where they leave a choice: sentences without secrets. */
  readonly departures: (call: string, answer: VendorAnswer) => readonly string[];
}

/** Every adapter there is. A third vendor is one folder, one line here, one test. */
export const CATALOG: readonly Adapter[] = [
  { name: 'api2convert', settings: api2convertSettings, environment: 'API2CONVERT', defaultBaseUrl: 'https://api.api2convert.com/v2', create: api2convertProvider, departures: api2convertDepartures },
  { name: 'runconvert', settings: runconvertSettings, environment: 'RUNCONVERT', defaultBaseUrl: 'https://api.runconvert.com/v2', create: runconvertProvider, departures: runconvertDepartures },
];
