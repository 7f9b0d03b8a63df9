import { canonicalFormat, categoryOf } from './formats.js';
import { pointerSegment, type Complaints, type StepBody } from './job-body.js';
import type { Parameters, Step } from './job-graph.js';
import { wrongOptionValue } from './option-values.js';
import { unifiedOption } from './unified-options.js';
import { OPERATIONS, type Operation, type ParameterRule } from './operations.js';
import { nearest } from './nearest.js';
import { oneOf } from './places.js';
import type { CheckAddress } from './place-fields.js';

const PARAMETERS = ['to', 'from', 'level', 'url', 'language', 'text', 'width', 'height'] as const;

interface Known {
  readonly inputIds: readonly string[];
  readonly stepIds: readonly string[];
  readonly adapters: readonly string[];
  readonly check: CheckAddress;
}

/** Reads the steps in the caller's order; `null` in place of one that is wrong. */
export function readSteps(bodies: readonly StepBody[], known: Known, complaints: Complaints): (Step | null)[] {
  return bodies.map((body, index) => readStep(body, index, known, complaints));
}

function readStep(body: StepBody, index: number, known: Known, complaints: Complaints): Step | null {
  const at = `/steps/${index}`;
  const before = complaints.errors.length;
  const operation = OPERATIONS.get(body.operation);
  if (operation === undefined) {
    const meant = nearest(body.operation, OPERATIONS.keys());
    const hint = meant === null ? '. There are "convert", "compress", "merge" and others:' : `; did you mean "${meant}"?`;
    complaints.add(`${at}/operation`, `There is no operation "${body.operation}"${hint} GET /v1/operations lists them all.`);
    return null;
  }
  const parameters = readParameters(body, operation, at, known.check, complaints);
  for (const [adapter, options] of Object.entries(body.providerOptions ?? {}) as [string, unknown][]) {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) complaints.add(`${at}/providerOptions${pointerSegment(adapter)}`, 'Must be an object.');
    else if (!known.adapters.includes(adapter)) complaints.add(`${at}/providerOptions${pointerSegment(adapter)}`, `There is no provider "${adapter}"; use ${oneOf(known.adapters)}.`);
  }
  for (const [name, value] of Object.entries(body.options ?? {})) {
    const known = unifiedOption(operation.name, name);
    const wrong = known === null ? null : wrongOptionValue(known.schema, value);
    if (wrong !== null) complaints.add(`${at}/options${pointerSegment(name)}`, wrong);
  }
  const inputs = readReferences(body, index, operation, known, at, complaints);
  if (complaints.errors.length > before) return null;
  return { id: known.stepIds[index] ?? '', operation: operation.name, inputs, parameters, options: body.options ?? {}, providerOptions: body.providerOptions ?? {} };
}

function readParameters(body: StepBody, operation: Operation, at: string, check: CheckAddress, complaints: Complaints): Parameters {
  const parameters: Record<string, string | number> = {};
  for (const name of PARAMETERS) {
    const value = body[name];
    const rule = Object.hasOwn(operation.parameters, name) ? operation.parameters[name] : undefined;
    if (value === undefined) {
      if (rule?.required === true) complaints.add(`${at}/${name}`, `"${operation.name}" needs "${name}". ${rule.description}`);
      continue;
    }
    if (rule === undefined) {
      const own = Object.keys(operation.parameters);
      complaints.add(`${at}/${name}`, `"${operation.name}" has no parameter "${name}"; ${own.length === 0 ? 'whatever it takes stands' : `it takes ${oneOf(own)}, and anything else`} in "options".`);
      continue;
    }
    const format = name === 'to' || name === 'from';
    const read = format ? canonicalFormat(String(value)) : value;
    const wrong = wrongValue(name, read, rule) ?? (name === 'url' ? check(String(value)) : null);
    if (wrong === null) parameters[name] = read;
    else complaints.add(`${at}/${name}`, wrong);
  }
  return parameters;
}

function wrongValue(name: string, value: string | number, rule: ParameterRule): string | null {
  if (rule.allowed !== undefined) return rule.allowed.includes(String(value)) ? null : `Must be ${oneOf(rule.allowed)}.`;
  if (typeof value === 'number') {
    const [low, high] = [rule.minimum ?? 0, rule.maximum ?? Number.MAX_SAFE_INTEGER];
    return value < low || value > high ? `Must be from ${low} to ${high}.` : null;
  }
  if (value.trim() === '') return 'Must not be empty.';
  if ((name === 'to' || name === 'from') && categoryOf(value) === null) return `"${value.slice(0, 40)}" is no file format that is known here.`;
  return null;
}

/** Named files, or the default: all inputs for the first step, the previous step's results for the others. */
function readReferences(body: StepBody, index: number, operation: Operation, known: Known, at: string, complaints: Complaints): readonly string[] {
  if (operation.files === 'none') {
    if (body.inputs !== undefined && body.inputs.length > 0) complaints.add(`${at}/inputs`, `"${operation.name}" takes no files.`);
    return [];
  }
  if (body.inputs === undefined) {
    const implied = index === 0 ? known.inputIds : [known.stepIds[index - 1] ?? ''];
    if (implied.length === 0) complaints.add(`${at}/inputs`, `"${operation.name}" needs a file, and the job has no inputs.`);
    return implied;
  }
  if (body.inputs.length === 0) complaints.add(`${at}/inputs`, 'Must name at least one input or step.');
  const ids = new Set([...known.inputIds, ...known.stepIds]);
  body.inputs.forEach((id, position) => {
    const pointer = `${at}/inputs/${position}`;
    if (!ids.has(id)) complaints.add(pointer, `There is no input or step "${id}" in this job.`);
    else if (id === known.stepIds[index]) complaints.add(pointer, 'A step cannot take its own results.');
    else if (body.inputs?.indexOf(id) !== position) complaints.add(pointer, `"${id}" is named twice, and a step takes each file once. ${operation.least > 1 ? `Name another input or step in its place; "${operation.name}" needs different ones.` : 'Leave it out here.'}`);
  });
  return body.inputs;
}
