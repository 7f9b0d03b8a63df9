import { canonicalFormat } from './formats.js';
import { safeFilename } from './filenames.js';
import { pointerSegment, type Complaints, type PlaceBody } from './job-body.js';
import type { JobInput } from './job-graph.js';
import { INPUT_RULES, oneOf, type PlaceRule } from './places.js';
import type { CheckAddress } from './place-fields.js';
import { readPlace } from './read-place.js';
import { readUrl } from './read-url.js';

/** What is asked of outside of the job itself. */
export interface InputChecks {
  readonly checkAddress: CheckAddress;
  readonly maxUploadBytes: number;
}

/** Reads the inputs; `null` in place of one that is wrong (its complaint is made). Ids are given already. */
export function readInputs(bodies: readonly PlaceBody[], ids: readonly string[], checks: InputChecks, complaints: Complaints): (JobInput | null)[] {
  return bodies.map((body, index) => readInput(body, ids[index] ?? '', `/inputs/${index}`, checks, complaints));
}

function readInput(body: PlaceBody, id: string, at: string, checks: InputChecks, complaints: Complaints): JobInput | null {
  const rule = Object.hasOwn(INPUT_RULES, body.type) ? INPUT_RULES[body.type] : undefined;
  if (rule === undefined) {
    complaints.add(`${at}/type`, `There is no input type "${body.type}"; use ${oneOf(Object.keys(INPUT_RULES))}.`);
    return null;
  }
  const before = complaints.errors.length;
  checkFields(body, rule, at, complaints);
  const filename = body.filename === undefined ? {} : { filename: safeFilename(body.filename) };
  const input = complaints.errors.length > before ? null : build(body, id, filename, at, checks, complaints);
  return complaints.errors.length > before ? null : input;
}

/** Fields that a type does not have are refused, those it needs are asked for. */
export function checkFields(body: PlaceBody, rule: PlaceRule, at: string, complaints: Complaints): void {
  const known = new Set<string>(['id', 'type', 'inputs', ...rule.required, ...rule.optional]);
  for (const [name, value] of Object.entries(body)) {
    if (value !== undefined && !known.has(name)) complaints.add(at + pointerSegment(name), `"${body.type}" has no field "${name}".`);
  }
  for (const name of rule.required) {
    if (body[name] === undefined) complaints.add(at + pointerSegment(name), `"${body.type}" needs "${name}".`);
  }
}

function build(body: PlaceBody, id: string, filename: { filename?: string }, at: string, checks: InputChecks, complaints: Complaints): JobInput | null {
  switch (body.type) {
    case 'url':
      return readUrl(body, id, filename, at, checks.checkAddress, complaints);
    case 'upload':
      if (body.uploadId !== undefined) complaints.add(`${at}/uploadId`, 'Resumable uploads are not supported yet; leave uploadId out and PUT the bytes.');
      if (body.size !== undefined && body.size > checks.maxUploadBytes) complaints.add(`${at}/size`, `Files may have at most ${checks.maxUploadBytes} bytes here.`);
      return { id, type: 'upload', ...filename, ...(body.size === undefined ? {} : { size: body.size }) };
    case 'base64':
      return readBase64(body.data ?? '', id, filename, at, complaints);
    case 'job-output':
      return readJobOutput(body, id, at, complaints);
    default:
      return readPlace(body, id, at, checks.checkAddress, complaints);
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function readJobOutput({ jobId = '', outputId = '' }: PlaceBody, id: string, at: string, complaints: Complaints): JobInput {
  if (!UUID.test(jobId)) complaints.add(`${at}/jobId`, 'Must be the id of a job.');
  if (!UUID.test(outputId)) complaints.add(`${at}/outputId`, 'Must be the id of an output of that job.');
  return { id, type: 'job-output', jobId: jobId.toLowerCase(), outputId: outputId.toLowerCase() };
}

const DATA_URL = /^data:([^;,]*)(?:;[^,]*)?;base64,/;

function readBase64(data: string, id: string, filename: { filename?: string }, at: string, complaints: Complaints): JobInput | null {
  const head = DATA_URL.exec(data);
  if (head === null && data.startsWith('data:')) {
    complaints.add(`${at}/data`, 'A data URL must be base64: data:image/png;base64,…');
    return null;
  }
  const plain = data.slice(head?.[0].length ?? 0).replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  if (plain === '' || !/^[A-Za-z0-9+/]+$/.test(plain) || plain.length % 4 === 1) {
    complaints.add(`${at}/data`, plain === '' ? 'Must not be empty.' : 'Is not base64.');
    return null;
  }
  const subtype = head?.[1]?.split('/')[1]?.replace(/\+.*$/, '');
  const named = filename.filename === undefined && subtype !== undefined && /^[a-z0-9]{2,8}$/i.test(subtype) ? { filename: `${id}.${canonicalFormat(subtype === 'plain' ? 'txt' : subtype)}` } : filename;
  return { id, type: 'base64', data: plain.padEnd(Math.ceil(plain.length / 4) * 4, '='), ...named };
}
