import { Agent, buildConnector, type Dispatcher } from 'undici';
import { addressRefusal, EgressRefused, type EgressPolicy, type EgressReason } from './egress.js';
import { literalAddress } from './egress-address.js';
import { checkedLookup, resolveBySystem, type Resolve } from './egress-lookup.js';
import { isOpenPort, portOf } from './egress-ports.js';

/** In ms. `headers`: until the whole head of an answer is there. `bodyIdle`: between two pieces of a body. */
export interface HttpTimeouts {
  readonly connect: number;
  readonly headers: number;
  readonly bodyIdle: number;
}

export const HTTP_TIMEOUTS: HttpTimeouts = { connect: 3_000, headers: 15_000, bodyIdle: 15_000 };

export interface GuardOptions {
  /** "host:port" pairs that pass unchecked: a provider's own base URL (`trustedHostOf`). */
  readonly trustedHosts?: readonly string[];
  readonly timeouts?: Partial<HttpTimeouts>;
  readonly resolve?: Resolve;
}

/**
 * The way out for every request to an address that came from outside: a pool per origin whose sockets connect to the
 * very addresses that were checked, each time one is opened. TLS still proves the name. Redirects are not followed.
 * A refusal rejects the request with `EgressRefused`, before a byte is sent. `close()` it when done.
 */
export function guardedDispatcher(policy: EgressPolicy, options: GuardOptions = {}): Dispatcher {
  const timeouts = { ...HTTP_TIMEOUTS, ...options.timeouts };
  return new Agent({
    connect: guardedConnector(policy, options, timeouts.connect),
    allowH2: false,
    headersTimeout: timeouts.headers,
    bodyTimeout: timeouts.bodyIdle,
    // A socket that idles long is one that the other side may be closing: a POST on it is a call whose fate is unknown.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 10_000,
  });
}

function guardedConnector(policy: EgressPolicy, options: GuardOptions, timeout: number): buildConnector.connector {
  const resolve = options.resolve ?? resolveBySystem;
  const through = (refusalOf: (address: string) => EgressReason | null) =>
    buildConnector({ timeout, allowH2: false, autoSelectFamily: true, lookup: checkedLookup(resolve, refusalOf) });
  const trusted: ReadonlySet<string> = new Set(options.trustedHosts);
  const unchecked = through(() => null);
  const openPort = through((address) => addressRefusal(address, true, policy));
  const closedPort = through((address) => addressRefusal(address, false, policy));

  return (target, callback) => {
    const port = portOf(target);
    const host = target.hostname.includes(':') && !target.hostname.startsWith('[') ? `[${target.hostname}]` : target.hostname;
    if (trusted.has(`${host}:${port}`)) return unchecked(target, callback);

    const isOpen = isOpenPort(port);
    // Node looks no literal up, so a literal never meets the checked lookup.
    const literal = literalAddress(target.hostname);
    const refusal = literal === null ? null : addressRefusal(literal, isOpen, policy);
    if (refusal !== null) return queueMicrotask(() => callback(new EgressRefused(refusal, host), null));
    return isOpen ? openPort(target, callback) : closedPort(target, callback);
  };
}
