import type { FastifyInstance } from 'fastify';
import { Refusal } from '../refusal.js';
import { findOr404, requireJob, type Api2convert } from './context.js';
import { hasEnded, type Job, type JsonObject, type Output } from './job.js';
import { listed } from './job-routes.js';
import { readObject } from './read-body.js';
import { outputView } from './views.js';

interface FileParams {
  readonly fileId: string;
}

/** `/jobs/{id}/output`. */
export function registerOutputRoutes(app: FastifyInstance, vendor: Api2convert): void {
  const view = (job: Job, output: Output): JsonObject => outputView(job, output, vendor.viewOf(job));

  app.get('/jobs/:jobId/output', { config: { call: 'output' } }, async (request, reply) => {
    const job = requireJob(vendor, request);
    const { conversion_id: conversion, input_id: input } = request.query as { conversion_id?: string; input_id?: string };
    const outputs = job.outputs.filter((output) => (!conversion || output.conversionId === conversion) && (!input || output.inputIds.includes(input)));
    return listed(reply, outputs.map((output) => view(job, output)));
  });
  app.patch('/jobs/:jobId/output', { config: { call: 'output' } }, async (request) => {
    const job = ended(requireJob(vendor, request));
    job.outputs.forEach((output) => patch(output, request.body));
    return job.outputs.map((output) => view(job, output));
  });
  app.get('/jobs/:jobId/output/:fileId', { config: { call: 'output' } }, async (request) => {
    const job = requireJob(vendor, request);
    return view(job, findOr404(job.outputs, (request.params as FileParams).fileId, 'output'));
  });
  app.patch('/jobs/:jobId/output/:fileId', { config: { call: 'output' } }, async (request) => {
    const job = ended(requireJob(vendor, request));
    const output = findOr404(job.outputs, (request.params as FileParams).fileId, 'output');
    patch(output, request.body);
    return view(job, output);
  });
  app.delete('/jobs/:jobId/output/:fileId', { config: { call: 'output' } }, async (request, reply) => {
    const job = requireJob(vendor, request);
    const output = findOr404(job.outputs, (request.params as FileParams).fileId, 'output');
    job.outputs = job.outputs.filter((one) => one !== output);
    return reply.code(204).send();
  });
}

/** A new name comes without the extension. */
function patch(output: Output, body: unknown): void {
  const { filename, download_password: password } = readObject(body, 'output');
  const dot = output.filename.lastIndexOf('.');
  if (typeof filename === 'string' && filename !== '') output.filename = filename + (dot > 0 ? output.filename.slice(dot) : '');
  if (typeof password === 'string') output.passwords = password === '' ? [] : [password];
}

function ended(job: Job): Job {
  if (!hasEnded(job)) throw new Refusal(409, 'The output can not be patched');
  return job;
}
