import { leastFiles } from './file-counts.js';
import { safeFilename } from './filenames.js';
import type { Complaints, ExportBody } from './job-body.js';
import { outputSteps, type JobExport, type JobInput, type Step } from './job-graph.js';
import { checkWord, readCredentials, type CheckAddress } from './place-fields.js';
import { EXPORT_RULES, EXPORT_TYPES, oneOf } from './places.js';
import { nearest } from './nearest.js';
import { checkFields } from './read-inputs.js';
import { readStore } from './read-place.js';

interface Exported {
  readonly inputs: readonly JobInput[];
  /** In an order in which every step comes after what it consumes. */
  readonly steps: readonly Step[];
  readonly checkAddress: CheckAddress;
}

/** Reads the exports; their ids are given already, and the steps are sound. What is wrong is left out, and complained of. */
export function readExports(bodies: readonly ExportBody[], ids: readonly string[], around: Exported, complaints: Complaints): readonly JobExport[] {
  return bodies.flatMap((body, index) => readExport(body, ids[index] ?? '', `/exports/${index}`, around, complaints) ?? []);
}

function readExport(body: ExportBody, id: string, at: string, around: Exported, complaints: Complaints): JobExport | null {
  const type = EXPORT_TYPES.find((name) => name === body.type);
  if (type === undefined) {
    const meant = nearest(body.type, EXPORT_TYPES);
    complaints.add(`${at}/type`, `There is no export type "${body.type}"${meant === null ? '' : `; did you mean "${meant}"?`} There are ${oneOf(EXPORT_TYPES)}.`);
    return null;
  }
  const before = complaints.errors.length;
  checkFields(body, EXPORT_RULES[type], at, complaints);
  const inputs = readResults(body, at, around, complaints);
  if (complaints.errors.length > before) return null;
  if (type !== 'google-drive' && type !== 'youtube') {
    const files = leastFiles(around.inputs, around.steps, inputs);
    if (files > 1) complaints.add(`${at}/inputs`, `${files} files would go to one and the same place, each over the one before. Make an export of each, or archive them in a step first.`);
    return { id, inputs, ...readStore(body, type, at, around.checkAddress, complaints) };
  }
  const credentialFields = readCredentials(body, type, at, complaints);
  if (type === 'youtube') return { id, inputs, type, ...(body.title === undefined ? {} : { title: body.title }), credentialFields };
  if (body.folderId !== undefined) checkWord(body, 'folderId', at, complaints);
  const filename = body.filename === undefined ? {} : { filename: safeFilename(body.filename) };
  return { id, inputs, type, ...(body.folderId === undefined ? {} : { folderId: body.folderId }), ...filename, credentialFields };
}

/** The steps named, or, where none is, those whose results no other step takes. */
function readResults(body: ExportBody, at: string, { inputs, steps }: Exported, complaints: Complaints): readonly string[] {
  if (body.inputs === undefined) return outputSteps(steps).map((step) => step.id);
  if (body.inputs.length === 0) complaints.add(`${at}/inputs`, 'Must name at least one step.');
  body.inputs.forEach((id, position) => {
    const pointer = `${at}/inputs/${position}`;
    if (inputs.some((input) => input.id === id)) complaints.add(pointer, `"${id}" is an input; an export delivers the results of steps.`);
    else if (!steps.some((step) => step.id === id)) complaints.add(pointer, `There is no step "${id}" in this job.`);
    else if (body.inputs?.indexOf(id) !== position) complaints.add(pointer, `"${id}" is named twice.`);
  });
  return body.inputs;
}
