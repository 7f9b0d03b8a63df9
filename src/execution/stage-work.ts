import type { Readable } from 'node:stream';
import { safeFilename } from '../conversion/filenames.js';
import { filenameOfUrl } from '../conversion/formats.js';
import type { Credentials, JobExport, JobInput, Step, UrlInput } from '../conversion/job-graph.js';
import { filenameOfPlace, hasHeaders, isHeldHere, isPlace } from '../conversion/places.js';
import { uploadKey, type Content, type InputSource, type StageExport, type StageInput, type StageStep, type StageWork } from '../conversion/provider.js';
import { Unsealable } from '../platform/sealing.js';
import type { FileRow, StepRow } from '../jobs/rows.js';
import { formatsOf } from '../conversion/graph-formats.js';
import { expectedMs } from './patience.js';
import type { Scene } from './scene.js';

/** Vendors take little base64 (one of them 1.5 MB of it); what is larger is uploaded, to all alike. */
const INLINE_BYTES = 1_000_000;

/** What we hold of a job besides its rows. */
export interface Files {
  open(path: string): Readable;
  read(path: string): Promise<Buffer>;
  /** A file that the gateway fetches itself. */
  fetch(input: UrlInput, headers: Credentials): Promise<FileRow>;
  /** The job's credentials, by input or export id. */
  credentials(): Promise<ReadonlyMap<string, Credentials>>;
}

export interface PreparedWork {
  readonly work: StageWork;
  /** What is uploaded after the create, by upload key. */
  readonly contents: ReadonlyMap<string, Content>;
}

/** A stage in the words of the provider contract. Files that we hold are read only where they travel inside the create. */
export async function prepareWork(scene: Scene, adapter: string, callbackUrl: string | null, reference: string, files: Files): Promise<PreparedWork> {
  const { graph } = scene.job;
  const steps = stageSteps(scene, adapter);
  const contents = new Map<string, Content>();
  const wanted = [...new Set(steps.flatMap((step) => step.inputs))].filter((id) => !scene.stepIds.includes(id));
  const uploads = graph.inputs.some((input) => wanted.includes(input.id) && isHeldHere(input));
  const inputs: StageInput[] = [];
  for (const id of wanted) {
    const input = graph.inputs.find((candidate) => candidate.id === id);
    if (input === undefined) inputs.push(...resultsOf(id, scene, files, contents));
    else inputs.push(await toStageInput(input, scene, files, contents, uploads));
  }
  const exports: StageExport[] = [];
  for (const { target, steps: delivered } of stageExports(scene)) exports.push({ target, steps: delivered, credentials: await credentialsOf(target, files) });
  return { work: { reference, callbackUrl, inputs, steps, exports }, contents };
}

/** The deliveries of the stage's own results. */
export function stageExports({ job: { graph }, stepIds }: Pick<Scene, 'job' | 'stepIds'>): readonly Pick<StageExport, 'target' | 'steps'>[] {
  return graph.exports.map((target) => ({ target, steps: target.inputs.filter((id) => stepIds.includes(id)) })).filter(({ steps }) => steps.length > 0);
}

async function credentialsOf({ id }: JobInput | JobExport, files: Files): Promise<Credentials> {
  const credentials = (await files.credentials()).get(id);
  if (credentials === undefined) throw new Unsealable();
  return credentials;
}

export function stageSteps({ job: { graph, steps }, stepIds }: Pick<Scene, 'job' | 'stepIds'>, adapter: string): readonly StageStep[] {
  const formats = formatsOf(graph.inputs, graph.steps);
  return graph.steps.filter((step) => stepIds.includes(step.id)).map((step) => toStageStep(withoutDropped(step, steps), adapter, formats));
}

/** An option that the provider does not know is not sent: it could refuse the whole job for it. */
function withoutDropped(step: Step, rows: readonly StepRow[]): Step {
  const dropped = new Set(rows.find(({ id }) => id === step.id)?.losses.filter(({ kind }) => kind === 'dropped').map(({ option }) => option));
  return dropped.size === 0 ? step : { ...step, options: Object.fromEntries(Object.entries(step.options).filter(([name]) => !dropped.has(name))) };
}

function toStageStep(step: Step, adapter: string, formats: ReadonlyMap<string, readonly (string | null)[]>): StageStep {
  const said = step.parameters['from'];
  const incoming = [...new Set(step.inputs.flatMap((id) => formats.get(id) ?? [null]))];
  return {
    id: step.id,
    operation: step.operation,
    inputs: step.inputs,
    from: typeof said === 'string' ? said : incoming.length === 1 ? (incoming[0] ?? null) : null,
    parameters: step.parameters,
    options: step.options,
    providerOptions: step.providerOptions[adapter] ?? {},
  };
}

/** Where one of a stage's files is uploaded, so is every other that we hold: their order is part of what a merge means. */
async function toStageInput(input: JobInput, scene: Scene, files: Files, contents: Map<string, Content>, uploads: boolean): Promise<StageInput> {
  if (input.type === 'url' && input.fetch === 'provider') return { id: input.id, part: '', filename: safeFilename(input.filename ?? filenameOfUrl(input.url), input.id), source: { type: 'url', url: input.url } };
  if (isPlace(input)) {
    return { id: input.id, part: '', filename: filenameOfPlace(input), source: { type: 'place', place: input, credentials: await credentialsOf(input, files) } };
  }
  const row = scene.job.inputs.find(({ id }) => id === input.id);
  const kept = scene.job.files.find(({ id }) => id === row?.file_id);
  const file = kept ?? (input.type === 'url' ? await files.fetch(input, hasHeaders(input) ? await credentialsOf(input, files) : {}) : undefined);
  if (file?.path == null) throw new Error(`the file of input ${input.id} is not there`);
  const inline = input.type === 'base64' && !uploads && Number(file.size) <= INLINE_BYTES;
  const source: InputSource = inline ? { type: 'base64', data: (await files.read(file.path)).toString('base64') } : { type: 'upload', size: Number(file.size) };
  const stageInput = { id: input.id, part: '', filename: file.filename, source };
  if (!inline) contents.set(uploadKey(stageInput), contentOf(file, files));
  return stageInput;
}

/** Results of an earlier stage: read where they are if that is the same account, else sent from the copy that was kept. */
function resultsOf(stepId: string, scene: Scene, files: Files, contents: Map<string, Content>): StageInput[] {
  return scene.job.files
    .filter((file) => file.role === 'result' && file.step_id === stepId)
    .sort((one, other) => one.position - other.position)
    .map((file, index, all) => {
      const part = all.length === 1 ? '' : String(index + 1);
      if (file.provider === scene.provider && file.provider_file_id !== null && file.provider_url !== null) {
        return { id: stepId, part, filename: file.filename, source: { type: 'result', providerFileId: file.provider_file_id, url: file.provider_url } };
      }
      const input: StageInput = { id: stepId, part, filename: file.filename, source: { type: 'upload', size: Number(file.size) } };
      contents.set(uploadKey(input), contentOf(file, files));
      return input;
    });
}

function contentOf(file: FileRow, files: Files): Content {
  const { path } = file;
  if (path === null) throw new Error(`the file ${file.id} is not kept`);
  return { filename: file.filename, contentType: file.content_type, size: Number(file.size), open: () => files.open(path) };
}

/** What a stage's work takes at a vendor, in ms. */
export function expectedOf({ job: { graph }, stepIds }: Scene): number {
  const formats = formatsOf(graph.inputs, graph.steps);
  return expectedMs(stepIds.flatMap((id) => formats.get(id) ?? []));
}
