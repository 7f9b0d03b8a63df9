import { isPublicAddress, isWithin, literalAddress, readCidr } from './egress-address.js';
import { isOpenPort, portOf } from './egress-ports.js';

export type EgressReason = 'malformed' | 'scheme' | 'credentials_in_url' | 'port' | 'private_address' | 'unresolvable';

const REASONS: Readonly<Record<EgressReason, string>> = {
  malformed: 'is not a URL that everybody reads the same way',
  scheme: 'is neither http nor https',
  credentials_in_url: 'carries a user name or password in its URL; send them as a header',
  port: 'is at a port that outbound requests may not use; where that is meant, add its address to EGRESS_ALLOW',
  private_address: 'is not at a public address; where that is meant, add its range to EGRESS_ALLOW',
  unresolvable: 'resolves to no address',
};

/** An outbound request that must not be made. The message names the host and never the path, query or resolved address. */
export class EgressRefused extends Error {
  override readonly name = 'EgressRefused';
  readonly code = 'EGRESS_REFUSED';

  constructor(
    readonly reason: EgressReason,
    host: string,
  ) {
    super(`${host} ${REASONS[reason]}.`);
  }
}

/** `allow`: CIDRs that may be reached although they are private (`EGRESS_ALLOW`), as `parseCidrs` gives them. */
export interface EgressPolicy {
  readonly allow: readonly string[];
}

/** Reads `EGRESS_ALLOW`: CIDRs or addresses between commas or spaces. Throws an `Error` that names the first bad item. */
export function parseCidrs(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((item) => item !== '').map((item) => {
    const cidr = readCidr(item);
    if (cidr === null) throw new Error(`EGRESS_ALLOW: "${item}" is not a CIDR such as 10.0.0.0/8 or fd00::/8.`);
    return cidr;
  });
}

/** Why an address may not be reached at a port, which is `open` to everybody's requests or not; null when it may. */
export function addressRefusal(address: string, open: boolean, policy: EgressPolicy): EgressReason | null {
  if (isWithin(address, policy.allow)) return null;
  if (!isPublicAddress(address)) return 'private_address';
  return open ? null : 'port';
}

/** "host:port" of a URL, always with the port: how trusted hosts are written. Throws `TypeError` for what is no URL. */
export function trustedHostOf(url: string | URL): string {
  const parsed = new URL(url);
  return `${parsed.hostname}:${portOf(parsed)}`;
}

/**
 * Checks a URL that came from outside by what it says: scheme, userinfo, port and literal addresses. Names are not
 * resolved, so this is all for URLs that only a vendor fetches; what we fetch goes through `guardedDispatcher` too.
 * Hand on the `href` of the answer, not the text that was asked: it has one reading.
 * A URL of `trustedOrigin` ("https://host:port", a provider's own) may be at any address and port.
 * Throws `EgressRefused`.
 */
export function checkUrl(url: string, policy: EgressPolicy, trustedOrigin?: string): URL {
  const parsed = readUrl(url);
  const { hostname } = parsed;
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') throw new EgressRefused('scheme', hostname || 'The URL');
  if (parsed.username !== '' || parsed.password !== '') throw new EgressRefused('credentials_in_url', hostname);
  if (trustedOrigin !== undefined && parsed.origin === new URL(trustedOrigin).origin) return parsed;

  const address = literalAddress(hostname) ?? loopbackOf(hostname);
  const open = isOpenPort(portOf(parsed));
  const refusal = address === null ? (open ? null : 'port') : addressRefusal(address, open, policy);
  if (refusal !== null) throw new EgressRefused(refusal, parsed.host);
  return parsed;
}

/** Refuses what parsers read differently: control characters (dropped by some, a new header line to others) and `\` before the query. */
function readUrl(text: string): URL {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text) || /^[^?#]*\\/.test(text) || !URL.canParse(text)) throw new EgressRefused('malformed', 'The URL');
  return new URL(text);
}

/** Names that mean this machine whatever a resolver says (RFC 6761 6.3, and what systems put in `/etc/hosts`). */
function loopbackOf(hostname: string): string | null {
  const name = hostname.replace(/\.$/, '');
  const local = name === 'localhost' || name.endsWith('.localhost') || name === 'localhost.localdomain' || name === 'ip6-localhost' || name === 'ip6-loopback';
  return local ? '127.0.0.1' : null;
}
