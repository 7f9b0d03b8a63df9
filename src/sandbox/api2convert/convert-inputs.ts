import { runTask, Unconvertible, type ResultFile, type SourceFile, type Task } from '../engine/engine.js';
import { outputChecksum } from './checksums.js';
import { newId, type Conversion, type Input, type Output, type Trouble } from './job.js';
import { creditsOf } from './prices.js';
import { planConversion } from './translate.js';

export interface Converted {
  readonly outputs: readonly Output[];
  readonly troubles: readonly Trouble[];
  readonly credits: number;
}

/** The vendor publishes no list of codes; these are the ones seen nearest to each reason. */
const CODES = { unsupported: 4000, corrupt_input: 6005, bad_option: 6037 } as const;

/** Runs one conversion over the inputs that are there. `before`: what the job's conversions made so far, whose names are taken. */
export async function convertInputs(conversion: Conversion, inputs: readonly Input[], before: readonly Output[]): Promise<Converted> {
  const { task, groups } = planConversion(conversion, inputs);
  const outputs: Output[] = [];
  const troubles: Trouble[] = [];
  let credits = 0;
  for (const group of groups) {
    try {
      const files = await packed(conversion, await run(task, group));
      for (const file of files) outputs.push(toOutput(conversion, group, file, [...before, ...outputs]));
      credits += creditsOf(conversion);
    } catch (error) {
      if (!(error instanceof Unconvertible)) throw error;
      troubles.push({ source: 'conversion', id_source: conversion.id, code: CODES[error.reason], message: error.message });
    }
  }
  return { outputs, troubles, credits };
}

/** A captured page asked for as HTML is there already. */
async function run(task: Task, group: readonly Input[]): Promise<ResultFile[]> {
  const files = group.map(sourceOf);
  const page = group.every((input) => input.engine === 'website') && task.operation === 'convert' && task.target === 'html';
  return page ? files.map((file) => ({ ...file, contentType: 'text/html' })) : runTask(task, files);
}

function sourceOf({ filename, bytes }: Input): SourceFile {
  return { filename, bytes: bytes ?? Buffer.alloc(0) };
}

/** Several results of one conversion arrive as one archive unless the options allow them as they are. */
async function packed({ options }: Conversion, files: ResultFile[]): Promise<ResultFile[]> {
  if (files.length < 2 || options.allow_multiple_outputs === true) return files;
  return runTask({ operation: 'archive', target: 'zip', options: {} }, files);
}

function toOutput(conversion: Conversion, group: readonly Input[], file: ResultFile, siblings: readonly Output[]): Output {
  const filename = unique(file.filename, new Set(siblings.map((output) => output.uriName)));
  const password = conversion.options.download_password;
  return {
    id: newId(),
    conversionId: conversion.id,
    inputIds: group.map((input) => input.id),
    uriName: filename,
    filename,
    contentType: file.contentType,
    bytes: file.bytes,
    size: file.bytes.length,
    checksum: outputChecksum(file.bytes),
    createdAt: new Date(),
    downloads: 0,
    disabled: false,
    passwords: typeof password === 'string' && password !== '' ? [password] : [],
  };
}

function unique(filename: string, taken: ReadonlySet<string>): string {
  const dot = filename.lastIndexOf('.');
  const [base, extension] = dot > 0 ? [filename.slice(0, dot), filename.slice(dot)] : [filename, ''];
  let name = filename;
  for (let n = 1; taken.has(name); n += 1) name = `${base}_${n}${extension}`;
  return name;
}
