import type { FastifyInstance } from 'fastify';
import { findOr404, requireJob, requireUnstarted, type Api2convert } from './context.js';
import { factsOfParts } from './create-job.js';
import type { Job } from './job.js';
import { listed } from './job-routes.js';
import { readConversion, readInput, readLoose, readObject } from './read-body.js';
import { conversionView, inputView } from './views.js';

interface PartParams {
  readonly partId: string;
}

/** `/jobs/{id}/conversions` and `/jobs/{id}/input`. */
export function registerPartRoutes(app: FastifyInstance, vendor: Api2convert): void {
  registerConversions(app, vendor);
  registerInputs(app, vendor);
}

function registerConversions(app: FastifyInstance, vendor: Api2convert): void {
  app.get('/jobs/:jobId/conversions', { config: { call: 'conversion' } }, async (request, reply) => listed(reply, requireJob(vendor, request).conversions.map(conversionView)));
  app.post('/jobs/:jobId/conversions', { config: { call: 'conversion' } }, async (request, reply) => {
    const job = unstarted(requireJob(vendor, request));
    const conversion = readConversion(request.body);
    job.conversions.push(conversion);
    vendor.runner.consider(job);
    return reply.code(201).send(conversionView(conversion));
  });
  app.get('/jobs/:jobId/conversions/:partId', { config: { call: 'conversion' } }, async (request) => {
    const { partId } = request.params as PartParams;
    return conversionView(findOr404(requireJob(vendor, request).conversions, partId, 'conversion'));
  });
  app.patch('/jobs/:jobId/conversions/:partId', { config: { call: 'conversion' } }, async (request) => {
    const job = requireJob(vendor, request);
    const conversion = findOr404(job.conversions, (request.params as PartParams).partId, 'conversion');
    const { options, metadata } = readObject(request.body, 'conversion');
    unstarted(job);
    conversion.options = { ...conversion.options, ...readLoose(options) };
    conversion.metadata = { ...conversion.metadata, ...readLoose(metadata) };
    return conversionView(conversion);
  });
  app.delete('/jobs/:jobId/conversions/:partId', { config: { call: 'conversion' } }, async (request, reply) => {
    const job = requireJob(vendor, request);
    const conversion = findOr404(job.conversions, (request.params as PartParams).partId, 'conversion');
    unstarted(job);
    job.conversions = job.conversions.filter((one) => one !== conversion);
    vendor.runner.consider(job);
    return reply.code(204).send();
  });
}

function registerInputs(app: FastifyInstance, vendor: Api2convert): void {
  app.get('/jobs/:jobId/input', { config: { call: 'input' } }, async (request, reply) => listed(reply, requireJob(vendor, request).inputs.map(inputView)));
  app.post('/jobs/:jobId/input', { config: { call: 'input' } }, async (request, reply) => {
    const job = unstarted(requireJob(vendor, request));
    const several = Array.isArray(request.body);
    const inputs = (several ? (request.body as unknown[]) : [request.body]).map((one) => readInput(one, new Date()));
    job.inputs.push(...inputs);
    job.scenarios = vendor.shared.scenarios.claim('api2convert', factsOfParts(job.inputs, job.conversions), job.scenarios);
    vendor.runner.consider(job);
    const views = inputs.map(inputView);
    return reply.code(201).send(several ? views : views[0]);
  });
  app.patch('/jobs/:jobId/input', { config: { call: 'input' } }, async (request) => {
    const job = unstarted(requireJob(vendor, request));
    const patches = (Array.isArray(request.body) ? (request.body as unknown[]) : [request.body]).map((one) => readObject(one, 'input'));
    for (const { id, options } of patches) {
      const input = findOr404(job.inputs, String(id), 'input');
      input.options = { ...input.options, ...readLoose(options) };
      input.modifiedAt = new Date();
    }
    return job.inputs.map(inputView);
  });
  app.get('/jobs/:jobId/input/:partId', { config: { call: 'input' } }, async (request) => {
    const { partId } = request.params as PartParams;
    return inputView(findOr404(requireJob(vendor, request).inputs, partId, 'input'));
  });
  app.patch('/jobs/:jobId/input/:partId', { config: { call: 'input' } }, async (request) => {
    const job = requireJob(vendor, request);
    const input = findOr404(job.inputs, (request.params as PartParams).partId, 'input');
    const { credentials, parameters } = readObject(request.body, 'input');
    unstarted(job);
    input.credentials = { ...input.credentials, ...readLoose(credentials) };
    input.parameters = { ...input.parameters, ...readLoose(parameters) };
    input.modifiedAt = new Date();
    return inputView(input);
  });
  app.delete('/jobs/:jobId/input/:partId', { config: { call: 'input' } }, async (request, reply) => {
    const job = requireJob(vendor, request);
    const input = findOr404(job.inputs, (request.params as PartParams).partId, 'input');
    unstarted(job);
    job.inputs = job.inputs.filter((one) => one !== input);
    vendor.runner.consider(job);
    return reply.code(204).send();
  });
}

function unstarted(job: Job): Job {
  requireUnstarted(job);
  return job;
}
