import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { EgressRefused, type EgressReason } from './egress.js';

/** A name's addresses, in the order in which to try them. Rejects as `dns.lookup` does ("ENOTFOUND", "EAI_AGAIN"). */
export type Resolve = (hostname: string) => Promise<readonly { readonly address: string }[]>;

export const resolveBySystem: Resolve = (hostname) => systemLookup(hostname, { all: true, verbatim: true });

/**
 * The `lookup` of a socket: resolves once, and hands the socket no address that was not checked. A name with one
 * address that `refusalOf` refuses is refused whole: a set that mixes public and private ones is how rebinding starts.
 */
export function checkedLookup(resolve: Resolve, refusalOf: (address: string) => EgressReason | null): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (found) => {
        const addresses = found.map(({ address }) => ({ address, family: isIP(address) }));
        const [first] = addresses;
        if (first === undefined || addresses.some(({ family }) => family === 0)) return callback(new EgressRefused('unresolvable', hostname), '');
        const refusals = addresses.map(({ address }) => refusalOf(address)).filter((reason) => reason !== null);
        if (refusals[0] !== undefined) return callback(new EgressRefused(refusals[0], hostname), '');
        return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
}
