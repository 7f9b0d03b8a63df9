import { pointerSegment, type Complaints, type PlaceBody } from './job-body.js';
import type { UrlInput } from './job-graph.js';
import type { CheckAddress } from './place-fields.js';

const MOST_HEADERS = 32;
const LONGEST_VALUE = 8192;
/** A token of RFC 9110, section 5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;
/** Headers that say how a request travels: they are the connection's, never the caller's. */
const OURS: ReadonlySet<string> = new Set(['host', 'connection', 'content-length', 'content-type', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'expect', 'accept-encoding', 'range']);

/**
 * Reads an address. The values of headers stay behind like credentials: a cookie or an authorization is one, and they travel beside the
 * graph, by the input's id.
 */
export function readUrl(body: PlaceBody, id: string, filename: { filename?: string }, at: string, checkAddress: CheckAddress, complaints: Complaints): UrlInput {
  const wrong = checkAddress(body.url ?? '');
  if (wrong !== null) complaints.add(`${at}/url`, wrong);
  if (body.fetch !== undefined && body.fetch !== 'provider' && body.fetch !== 'gateway') complaints.add(`${at}/fetch`, 'Must be "provider" or "gateway".');
  const fetch = body.fetch === 'gateway' ? 'gateway' : 'provider';
  const headerNames = body.headers === undefined ? [] : readHeaders(body.headers, fetch, at, complaints);
  return { id, type: 'url', url: body.url ?? '', fetch, ...filename, ...(headerNames.length === 0 ? {} : { headerNames }) };
}

function readHeaders(headers: unknown, fetch: UrlInput['fetch'], at: string, complaints: Complaints): readonly string[] {
  if (fetch === 'provider') complaints.add(`${at}/headers`, 'No vendor sends headers of yours; say fetch: "gateway" with them.');
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    complaints.add(`${at}/headers`, 'Must be an object of header names and their values.');
    return [];
  }
  const names = Object.keys(headers);
  if (names.length > MOST_HEADERS) complaints.add(`${at}/headers`, `At most ${MOST_HEADERS} headers.`);
  for (const [name, value] of Object.entries(headers)) {
    const pointer = `${at}/headers${pointerSegment(name)}`;
    if (!NAME.test(name)) complaints.add(pointer, 'Is no header name.');
    else if (OURS.has(name.toLowerCase())) complaints.add(pointer, `"${name}" belongs to the connection and is the gateway's to say.`);
    else if (typeof value !== 'string' || value.length > LONGEST_VALUE || CONTROL.test(value)) complaints.add(pointer, `Must be one line of at most ${LONGEST_VALUE} characters.`);
  }
  return names;
}
