import type { Conversion, Input, Job, JsonObject, Output } from './job.js';
import { infoOf } from './statuses.js';

/** What a view needs to know of its surroundings. */
export interface ViewContext {
  /** The job's host for uploads and downloads, e.g. `http://127.0.0.1:4010/v2/dl/web2`. */
  readonly server: string;
  readonly now: number;
  readonly retentionMs: number;
}

/** The job document: of `POST /jobs`, `GET /jobs/{id}` and of callbacks. */
export function jobView(job: Job, context: ViewContext): JsonObject {
  const code = job.otherWord && context.now < job.otherWord.until ? job.otherWord.word : job.status;
  return {
    id: job.id,
    token: job.token,
    type: 'job',
    status: { code, info: infoOf(code) },
    errors: job.errors,
    warnings: job.warnings,
    process: job.process,
    fail_on_input_error: job.failOnInputError,
    fail_on_conversion_error: job.failOnConversionError,
    conversion: job.conversions.map(conversionView),
    limits: phpObject(job.limits),
    input: job.inputs.map(inputView),
    output: job.outputs.map((output) => outputView(job, output, context)),
    callback: job.callback,
    notify_status: job.notifyStatus,
    server: context.server,
    spent: job.spent,
    created_at: stamp(job.createdAt),
    modified_at: stamp(job.modifiedAt),
  };
}

export function conversionView(conversion: Conversion): JsonObject {
  const { id, target, category, options, metadata, outputTargets } = conversion;
  const view = { id, target, category, options: phpObject(options), metadata: phpObject(metadata) };
  const targets = outputTargets.map((target) => ({ type: target.type, status: target.status, parameters: phpObject(target.parameters), credentials: [] }));
  return targets.length === 0 ? view : { ...view, output_target: targets };
}

/** Credentials never come back. */
export function inputView(input: Input): JsonObject {
  return {
    id: input.id,
    type: input.type,
    status: input.status,
    source: input.type === 'base64' ? 'base64' : input.source,
    engine: input.engine,
    options: phpObject(input.options),
    filename: input.filename,
    size: input.size,
    hash: '',
    checksum: input.checksum,
    content_type: input.contentType,
    created_at: stamp(input.createdAt),
    modified_at: stamp(input.modifiedAt),
    credentials: [],
    parameters: phpObject(input.parameters),
    metadata: [],
  };
}

export function outputView(job: Job, output: Output, context: ViewContext): JsonObject {
  return {
    id: output.id,
    source: { conversion: output.conversionId, input: output.inputIds },
    filename: output.filename,
    uri: `${context.server}/download-file/${job.id}/${encodeURIComponent(output.uriName)}`,
    size: output.size,
    status: outputStatus(output, context),
    content_type: output.contentType,
    downloads_counter: output.downloads,
    checksum: output.checksum,
    created_at: stamp(output.createdAt),
    metadata: [],
  };
}

/** A conversion that is being worked on. The hash is its id, without the dashes; the status is the vendor's only number: it runs. */
export function threadView(job: Job, conversion: Conversion, now: number): JsonObject {
  const began = job.history.findLast(({ status }) => status === 'queued')?.at ?? job.createdAt;
  return {
    hash: conversion.id.replaceAll('-', ''),
    status: 1,
    info: infoOf(job.status),
    exec_time: Math.floor((now - began.getTime()) / 1_000),
    created_at: stamp(began),
    modified_at: stamp(job.modifiedAt),
  };
}

/** A result can be downloaded ten times (downloading page: "typically 10") and for as long as it is kept. */
export function outputStatus(output: Output, { now, retentionMs }: Pick<ViewContext, 'now' | 'retentionMs'>): 'enabled' | 'disabled' | 'expired' | 'overuse' {
  if (output.disabled) return 'disabled';
  if (!output.bytes || now > output.createdAt.getTime() + retentionMs) return 'expired';
  return output.downloads >= 10 ? 'overuse' : 'enabled';
}

/** The vendor's back end writes an empty object as an empty list. */
export function phpObject(object: JsonObject): JsonObject | readonly [] {
  return Object.keys(object).length === 0 ? [] : object;
}

/** Without a zone, e.g. `2017-08-15T17:20:55`. */
export function stamp(at: Date): string {
  return at.toISOString().slice(0, 19);
}
