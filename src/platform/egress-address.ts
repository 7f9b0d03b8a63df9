import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** All of IPv6 that is handed out for use on the internet; the rest (NAT64, mapped, compatible, unique local, …) is not. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is one of the public internet. `address` is an IP in any spelling that `isIP` takes;
 * an IPv4 address inside an IPv6 one (`::ffff:…`) is judged as what it is.
 */
export function isPublicAddress(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_IPV6);
}

/** Whether one of the CIDRs, as `parseCidrs` gives them, holds the address. */
export function isWithin(address: string, cidrs: readonly string[]): boolean {
  const parsed = ipaddr.process(address);
  return cidrs.some((cidr) => {
    const [network, bits] = ipaddr.parseCIDR(cidr);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}

/** A CIDR, or a single address as its own CIDR; null when it is neither. Sloppy spellings (`10/8`, octal) are neither. */
export function readCidr(text: string): string | null {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) return null;
  const width = family === 4 ? 32 : 128;
  if (bits === undefined) return `${address}/${width}`;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= width ? `${address}/${bits}` : null;
}

/** The IP address that a URL's host is, without brackets and trailing dot; null when it is a name. */
export function literalAddress(hostname: string): string | null {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return isIP(bare) === 0 ? null : bare;
}
