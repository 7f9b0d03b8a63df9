import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { scenarioNumber } from './scenario.js';
import type { CallScenario } from './scenarios.js';

/** Answers in the handler's place where the scenario refuses the call; false where the call goes through and only its answer is spoilt. */
export function refuse(scenario: CallScenario, reply: FastifyReply): boolean {
  if (scenario.name !== 'create-status' && scenario.name !== 'status') return false;
  const { headers, body } = scenario.options;
  if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) void reply.header(name, String(value));
  }
  void reply.code(scenarioNumber(scenario, 'status', 503)).send(body ?? { message: 'The sandbox was told to refuse this call.' });
  return true;
}

/** The spoilt answer: what the handler did stands, what it said does not arrive. */
export function spoil(scenario: CallScenario, reply: FastifyReply, answer: unknown): unknown {
  void reply.removeHeader('content-length');
  switch (scenario.name) {
    case 'garbage':
      return '{"id": "8daae6d1-26e0-11e5", "status": {"co';
    case 'empty-body':
      return '';
    case 'html':
      void reply.type('text/html; charset=utf-8');
      return '<!doctype html><html><head><title>Gateway</title></head><body><h1>One moment, please</h1></body></html>';
    case 'slow-bytes':
      return drip(bytesOf(answer), scenarioNumber(scenario, 'everyMs', 200), scenarioNumber(scenario, 'chunk', 1));
    case 'status':
    case 'create-status':
      return answer;
    default:
      return scenario.name satisfies never;
  }
}

function bytesOf(answer: unknown): Buffer {
  return Buffer.isBuffer(answer) ? answer : Buffer.from(typeof answer === 'string' ? answer : '');
}

function drip(bytes: Buffer, everyMs: number, chunk: number): Readable {
  async function* slowly(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += Math.max(1, chunk)) {
      yield bytes.subarray(at, at + Math.max(1, chunk));
      await pause(everyMs, undefined, { ref: false });
    }
  }
  return Readable.from(slowly(), { objectMode: false });
}
