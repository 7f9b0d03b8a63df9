import { pointerSegment, type Complaints, type PlaceBody } from './job-body.js';
import { CREDENTIAL_RULES, oneOf } from './places.js';

/** Says what is wrong with an address that a provider is to fetch, or null. */
export type CheckAddress = (url: string) => string | null;

/** A long private key has some 13,000 characters. */
const LONGEST_CREDENTIAL = 16_384;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** The names of the credentials that were given. Their values stay behind: neither what is returned nor any complaint holds one. */
export function readCredentials(body: PlaceBody, type: keyof typeof CREDENTIAL_RULES, at: string, complaints: Complaints): readonly string[] {
  const { required, optional } = CREDENTIAL_RULES[type];
  const known = [...required.flat(), ...optional];
  if (body.credentialsRef !== undefined) complaints.add(`${at}/credentialsRef`, 'Stored credentials are not supported yet; send them as "credentials".');
  const given: unknown = body.credentials;
  if (given === undefined && body.credentialsRef !== undefined) return [];
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    complaints.add(`${at}/credentials`, `"${type}" needs "credentials": an object with ${required.map((names) => oneOf(names)).join(' and ')}.`);
    return [];
  }
  for (const [name, value] of Object.entries(given)) {
    const pointer = `${at}/credentials${pointerSegment(name)}`;
    if (!known.includes(name)) complaints.add(pointer, `"${type}" has no such credential; it takes ${oneOf(known)}.`);
    else addIf(credentialRefusal(name, value), pointer, complaints);
  }
  for (const names of required) {
    if (!names.some((name) => Object.hasOwn(given, name))) complaints.add(`${at}/credentials${pointerSegment(names[0] ?? '')}`, `"${type}" needs the credential ${oneOf(names)}.`);
  }
  return known.filter((name) => Object.hasOwn(given, name));
}

function credentialRefusal(name: string, value: unknown): string | null {
  if (typeof value !== 'string') return 'Must be a string.';
  if (value.trim() === '') return 'Must not be empty.';
  if (value.length > LONGEST_CREDENTIAL) return `Must have at most ${LONGEST_CREDENTIAL} characters.`;
  return name !== 'privateKey' && CONTROL.test(value) ? 'Must be one line without control characters.' : null;
}

/** A name or a literal address, judged as that of a URL is: a vendor that reaches it for the caller must not be sent where no URL may lead. */
export function hostRefusal(host: string, checkAddress: CheckAddress): string | null {
  const alone = 'Must be a host name or an address alone; a port goes into "port".';
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (!/^[\p{L}\p{N}.:_-]+$/u.test(bare)) return alone;
  const url = `https://${bare.includes(':') ? `[${bare}]` : bare}/`;
  return URL.canParse(url) ? checkAddress(url) : alone;
}

export function checkWord(body: PlaceBody, field: 'bucket' | 'container' | 'projectId' | 'fileId' | 'folderId', at: string, complaints: Complaints): void {
  const value = body[field] ?? '';
  if (value === '' || /[\s/\\]/.test(value) || CONTROL.test(value)) complaints.add(at + pointerSegment(field), value === '' ? 'Must not be empty.' : 'Must be a name without spaces and slashes.');
}

export function checkFile(body: PlaceBody, field: 'key' | 'path', at: string, complaints: Complaints): void {
  const value = body[field] ?? '';
  if (value.trim() === '') complaints.add(at + pointerSegment(field), 'Must not be empty.');
  else if (CONTROL.test(value) || value.endsWith('/')) complaints.add(at + pointerSegment(field), 'Must name one file: no control characters, and no "/" at the end.');
}

export function addIf(message: string | null, pointer: string, complaints: Complaints): void {
  if (message !== null) complaints.add(pointer, message);
}
