import type { Complaints, PlaceBody } from './job-body.js';
import type { PlaceInput, Store } from './job-graph.js';
import { addIf, checkFile, checkWord, hostRefusal, readCredentials, type CheckAddress } from './place-fields.js';
import { PLACE_TYPES } from './places.js';

/**
 * Reads an input in a store of the caller's; its required fields are there. The credentials' values stay behind: neither what is returned nor any
 * complaint holds one. Null where the type is no such place.
 */
export function readPlace(body: PlaceBody, id: string, at: string, checkAddress: CheckAddress, complaints: Complaints): PlaceInput | null {
  const type = PLACE_TYPES.find((name) => name === body.type);
  if (type === undefined) return null;
  if (type !== 'google-drive') return { id, ...readStore(body, type, at, checkAddress, complaints) };
  checkWord(body, 'fileId', at, complaints);
  return { id, type, fileId: body.fileId ?? '', credentialFields: readCredentials(body, type, at, complaints) };
}

/** Where a file is, or goes to: the same fields for inputs and exports. */
export function readStore(body: PlaceBody, type: Store['type'], at: string, checkAddress: CheckAddress, complaints: Complaints): Store {
  const credentialFields = readCredentials(body, type, at, complaints);
  const { region, endpoint, projectId, port } = body;
  const text = (field: 'bucket' | 'container' | 'key' | 'path' | 'host'): string => body[field] ?? '';
  switch (type) {
    case 's3':
      checkWord(body, 'bucket', at, complaints);
      checkFile(body, 'key', at, complaints);
      if (region !== undefined && !/^[A-Za-z0-9-]+$/.test(region)) complaints.add(`${at}/region`, 'Must be the name of a region, such as "eu-west-1".');
      if (endpoint !== undefined) addIf(checkAddress(endpoint), `${at}/endpoint`, complaints);
      return { type, bucket: text('bucket'), key: text('key'), ...(region === undefined ? {} : { region }), ...(endpoint === undefined ? {} : { endpoint }), credentialFields };
    case 'gcs':
      checkWord(body, 'bucket', at, complaints);
      checkFile(body, 'key', at, complaints);
      if (projectId !== undefined) checkWord(body, 'projectId', at, complaints);
      return { type, bucket: text('bucket'), key: text('key'), ...(projectId === undefined ? {} : { projectId }), credentialFields };
    case 'azure-blob':
      checkWord(body, 'container', at, complaints);
      checkFile(body, 'key', at, complaints);
      return { type, container: text('container'), key: text('key'), credentialFields };
    case 'sftp':
    case 'ftp':
      addIf(hostRefusal(text('host'), checkAddress), `${at}/host`, complaints);
      checkFile(body, 'path', at, complaints);
      if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) complaints.add(`${at}/port`, 'Must be a whole number from 1 to 65535.');
      return { type, host: text('host'), ...(port === undefined ? {} : { port }), path: text('path'), credentialFields };
    default:
      return type satisfies never;
  }
}
