import { pointerSegment, type Complaints, type PlaceBody } from './job-body.js';
import type { PlaceInput } from './job-graph.js';
import { CREDENTIAL_RULES, oneOf, PLACE_TYPES } from './places.js';

/** A long private key has some 13,000 characters. */
const LONGEST_CREDENTIAL = 16_384;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Reads an input in a store of the caller's; its required fields are there. The credentials' values stay behind: neither what is returned nor any
 * complaint holds one. Null where the type is no such place.
 */
export function readPlace(body: PlaceBody, id: string, at: string, checkAddress: (url: string) => string | null, complaints: Complaints): PlaceInput | null {
  const type = PLACE_TYPES.find((name) => name === body.type);
  if (type === undefined) return null;
  const credentialFields = readCredentials(body, type, at, complaints);
  const { region, endpoint, projectId, port } = body;
  const text = (field: 'bucket' | 'container' | 'key' | 'path' | 'host' | 'fileId'): string => body[field] ?? '';
  switch (type) {
    case 's3':
      checkWord(body, 'bucket', at, complaints);
      checkFile(body, 'key', at, complaints);
      if (region !== undefined && !/^[A-Za-z0-9-]+$/.test(region)) complaints.add(`${at}/region`, 'Must be the name of a region, such as "eu-west-1".');
      if (endpoint !== undefined) addIf(checkAddress(endpoint), `${at}/endpoint`, complaints);
      return { id, type, bucket: text('bucket'), key: text('key'), ...(region === undefined ? {} : { region }), ...(endpoint === undefined ? {} : { endpoint }), credentialFields };
    case 'gcs':
      checkWord(body, 'bucket', at, complaints);
      checkFile(body, 'key', at, complaints);
      if (projectId !== undefined) checkWord(body, 'projectId', at, complaints);
      return { id, type, bucket: text('bucket'), key: text('key'), ...(projectId === undefined ? {} : { projectId }), credentialFields };
    case 'azure-blob':
      checkWord(body, 'container', at, complaints);
      checkFile(body, 'key', at, complaints);
      return { id, type, container: text('container'), key: text('key'), credentialFields };
    case 'sftp':
    case 'ftp':
      addIf(hostRefusal(text('host'), checkAddress), `${at}/host`, complaints);
      checkFile(body, 'path', at, complaints);
      if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) complaints.add(`${at}/port`, 'Must be a whole number from 1 to 65535.');
      return { id, type, host: text('host'), ...(port === undefined ? {} : { port }), path: text('path'), credentialFields };
    case 'google-drive':
      checkWord(body, 'fileId', at, complaints);
      return { id, type, fileId: text('fileId'), credentialFields };
    default:
      return type satisfies never;
  }
}

/** The names of those given. */
function readCredentials(body: PlaceBody, type: PlaceInput['type'], at: string, complaints: Complaints): readonly string[] {
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
function hostRefusal(host: string, checkAddress: (url: string) => string | null): string | null {
  const alone = 'Must be a host name or an address alone; a port goes into "port".';
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (!/^[\p{L}\p{N}.:_-]+$/u.test(bare)) return alone;
  const url = `https://${bare.includes(':') ? `[${bare}]` : bare}/`;
  return URL.canParse(url) ? checkAddress(url) : alone;
}

function checkWord(body: PlaceBody, field: 'bucket' | 'container' | 'projectId' | 'fileId', at: string, complaints: Complaints): void {
  const value = body[field] ?? '';
  if (value === '' || /[\s/\\]/.test(value) || CONTROL.test(value)) complaints.add(at + pointerSegment(field), value === '' ? 'Must not be empty.' : 'Must be a name without spaces and slashes.');
}

function checkFile(body: PlaceBody, field: 'key' | 'path', at: string, complaints: Complaints): void {
  const value = body[field] ?? '';
  if (value.trim() === '') complaints.add(at + pointerSegment(field), 'Must not be empty.');
  else if (CONTROL.test(value) || value.endsWith('/')) complaints.add(at + pointerSegment(field), 'Must name one file: no control characters, and no "/" at the end.');
}

function addIf(message: string | null, pointer: string, complaints: Complaints): void {
  if (message !== null) complaints.add(pointer, message);
}
