import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { databaseTrouble } from '../platform/database-trouble.js';
import { EarlyAnswers } from './early-answers.js';
import { Problem, unavailable, type ProblemCode } from './problem.js';

const BY_STATUS: ReadonlyMap<number, ProblemCode> = new Map([
  [400, 'invalid_json'], [401, 'unauthorized'], [403, 'forbidden'], [404, 'not_found'], [413, 'payload_too_large'], [415, 'unsupported_media_type'], [429, 'rate_limited'], [503, 'unavailable'],
]);

/** The one place where an error becomes an answer. What is not ours to explain is logged, and answered without its text. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('http');

  constructor(private readonly early: EarlyAnswers = new EarlyAnswers()) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = this.toProblem(error);
    // Once bytes have left, the only honest answer is a cut connection.
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    // Let go in its middle, a body is not read on, and the next request behind it would never be answered. One that nobody began to read Node skips by itself: closed, the caller would not hear the answer.
    if (request.raw.destroyed && !request.raw.complete) void reply.header('connection', 'close');
    this.early.note(request.raw, reply.raw);
    void reply
      .status(problem.status)
      .headers({ ...problem.more.headers, 'cache-control': 'no-store' })
      .type('application/problem+json')
      .send(problem.body(request.id));
  }

  private toProblem(error: unknown): Problem {
    if (error instanceof Problem) return error;
    const trouble = databaseTrouble(error);
    if (trouble !== null) {
      this.log.warn(`database: ${trouble}`);
      return unavailable('The database cannot be reached at the moment. Nothing was changed; try again.');
    }
    const status = statusOf(error);
    const code = BY_STATUS.get(status);
    if (code !== undefined) return new Problem(code, detailOf(error, status));
    if (status >= 400 && status < 500) return new Problem('invalid_request', detailOf(error, status), { status });
    this.log.error(error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : 'an error that is no Error');
    return new Problem('internal_error', 'This is a fault of the gateway. It was logged under the requestId.');
  }
}

/** Nest's own errors and Fastify's both carry a status. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown }).statusCode;
  return typeof status === 'number' ? status : 500;
}

function detailOf(error: unknown, status: number): string {
  if (status === 404) return 'There is nothing at this address.';
  if (status === 413) return 'The body is larger than this address accepts.';
  return error instanceof Error ? error.message : 'The request could not be read.';
}
