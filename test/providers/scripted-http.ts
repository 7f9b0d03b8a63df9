import type { VendorAnswer, VendorCall, VendorHttp } from '../../src/providers/vendor-call.js';
import { VendorCallFailure } from '../../src/providers/vendor-call.js';

/** An answer as a test writes it: `body` is sent as JSON, `text` as it stands (and wins). */
export interface ScriptedAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: string;
}

/** What happens on one call: an answer, or no answer. */
export type ScriptedTurn = ScriptedAnswer | VendorCallFailure;

export interface ScriptedHttp extends VendorHttp {
  /** Every call made, oldest first. */
  readonly calls: readonly VendorCall[];
}

/** A vendor that answers call by call as scripted; a call beyond the script fails the test. */
export function scriptedHttp(...turns: readonly ScriptedTurn[]): ScriptedHttp {
  const calls: VendorCall[] = [];
  return {
    calls,
    async call(call: VendorCall): Promise<VendorAnswer> {
      const turn = turns[calls.length];
      calls.push(call);
      if (turn === undefined) throw new Error(`The script has no answer for call ${calls.length}: ${call.method} ${call.url}`);
      if (turn instanceof VendorCallFailure) throw turn;
      return { status: turn.status, headers: turn.headers ?? {}, text: turn.text ?? (turn.body === undefined ? '' : JSON.stringify(turn.body)) };
    },
  };
}
