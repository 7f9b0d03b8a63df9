import { createHash, randomUUID } from 'node:crypto';
import type { Api2convertScript } from './api2convert-script.js';
import { smallFile } from './small-files.js';

type Fields = Readonly<Record<string, unknown>>;

export interface DoubleOutput {
  readonly id: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly type: string;
  readonly source: { readonly conversion: string; readonly input: readonly string[] };
}

/** A job as the vendor's side keeps it. */
export interface Api2convertJob {
  readonly id: string;
  readonly token: string;
  readonly script: Api2convertScript;
  readonly callback: string;
  readonly conversions: readonly (Fields & { readonly id: string })[];
  readonly inputs: (Fields & { readonly id: string })[];
  started: boolean;
  reads: number;
  ended: 'completed' | 'failed' | 'canceled' | null;
  errors: readonly Fields[];
  outputs: readonly DoubleOutput[];
}

export function newJob(body: Fields, script: Api2convertScript): Api2convertJob {
  return {
    id: randomUUID(),
    token: randomUUID().replaceAll('-', ''),
    script,
    callback: typeof body['callback'] === 'string' ? body['callback'] : '',
    conversions: list(body['conversion']).map((conversion) => ({ ...conversion, id: randomUUID() })),
    inputs: list(body['input']).map((input) => ({ ...input, id: randomUUID() })),
    started: body['process'] !== false,
    reads: 0,
    ended: null,
    errors: [],
    outputs: [],
  };
}

/** The job's state after one more read of it: through the words in between, then to its end. */
export function advance(job: Api2convertJob): void {
  if (!job.started || job.ended !== null) return;
  job.reads += 1;
  if (job.reads <= job.script.between.length || job.script.ending === 'hold') return;
  finish(job);
}

/** Ends it as its script says. */
export function finish(job: Api2convertJob): void {
  const { ending } = job.script;
  if (ending !== 'completed' && ending !== 'hold') {
    job.ended = 'failed';
    job.errors = [{ source: ending.source, id_source: job.inputs[0]?.id ?? '', code: ending.code, message: ending.message }];
    return;
  }
  // What is delivered leaves no file here.
  const kept = job.conversions.filter((conversion) => list(conversion['output_target']).length === 0);
  const { delivery } = job.script;
  job.ended = delivery !== 'completed' && kept.length < job.conversions.length ? 'failed' : 'completed';
  if (job.ended === 'failed' && delivery !== 'completed') job.errors = [{ source: 'conversion', id_source: job.conversions[0]?.id ?? '', code: 99, message: delivery.refused }];
  job.outputs = kept.flatMap((conversion) => results(conversion, job.inputs));
}

/** Its targets as the vendor shows them: credentials come back empty. */
export function targetsOf(job: Api2convertJob, conversion: Fields): Fields[] {
  const status = job.ended === null ? 'waiting' : job.script.delivery === 'completed' ? 'completed' : 'failed';
  return list(conversion['output_target']).map((target) => ({ ...target, credentials: [], status }));
}

export function statusWord(job: Api2convertJob): string {
  if (job.ended !== null) return job.ended;
  if (!job.started) return job.inputs.length === 0 ? 'incomplete' : 'ready';
  return job.script.between[Math.max(0, job.reads - 1)] ?? 'processing';
}

function results(conversion: Fields & { readonly id: string }, inputs: readonly (Fields & { readonly id: string })[]): DoubleOutput[] {
  const options = (conversion['options'] ?? {}) as Fields;
  const together = conversion['category'] === 'archive' || options['merge'] === true;
  return (together ? [inputs] : inputs.map((input) => [input])).map((group) => {
    const name = nameOf(group[0] ?? {});
    const format = formatOf(conversion, options, name);
    const { bytes, type } = smallFile(format);
    return { id: randomUUID(), name: `${name.replace(/\.[^.]*$/, '')}.${format}`, bytes, type, source: { conversion: conversion.id, input: group.map((input) => input.id) } };
  });
}

function formatOf(conversion: Fields, options: Fields, name: string): string {
  if (conversion['category'] !== 'operation') return String(conversion['target']);
  const said = options[`${conversion['target'] === 'compress' ? 'compression' : String(conversion['target'])}_target`];
  return typeof said === 'string' ? said : (name.split('.').at(-1) ?? 'bin');
}

function nameOf(input: Fields): string {
  if (typeof input['filename'] === 'string') return input['filename'];
  const last = typeof input['source'] === 'string' && input['type'] === 'remote' ? input['source'].split(/[?#]/)[0]?.split('/').at(-1) : '';
  return last === undefined || last === '' ? 'output' : last;
}

export const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

const list = (value: unknown): Fields[] => (Array.isArray(value) ? (value as Fields[]) : []);
