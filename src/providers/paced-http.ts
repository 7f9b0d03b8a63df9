import { setTimeout } from 'node:timers/promises';
import type { VendorAnswer, VendorCall, VendorHttp } from './vendor-call.js';

/** Between two calls for a catalogue, in ms: hundreds of them are to trouble neither a vendor, whose limits nobody knows, nor who else is served here. */
const PAUSE_MS = 40;

/** Lets calls named "catalogue" through one by one, with pauses; all others as they come. */
export function pacedHttp(http: VendorHttp): VendorHttp {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    call(call: VendorCall): Promise<VendorAnswer> {
      if (call.name !== 'catalogue') return http.call(call);
      const mine = turn;
      turn = mine.then(() => setTimeout(PAUSE_MS));
      return mine.then(() => http.call(call));
    },
  };
}
