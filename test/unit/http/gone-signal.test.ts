import { EventEmitter } from 'node:events';
import type { FastifyRequest } from 'fastify';
import { goneSignal } from '../../../src/http/gone-signal.js';

const requestOn = (socket: EventEmitter & { destroyed?: boolean }): FastifyRequest => ({ raw: { socket } }) as unknown as FastifyRequest;

it('aborts when the connection closes, for every request on it, and not before', () => {
  const socket = new EventEmitter();
  const signals = [goneSignal(requestOn(socket)), goneSignal(requestOn(socket))];
  const other = goneSignal(requestOn(new EventEmitter()));
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  socket.emit('close');
  expect([...signals.map(({ aborted }) => aborted), other.aborted]).toEqual([true, true, false]);
});

it('a connection on which many requests follow each other keeps one listener', () => {
  const socket = new EventEmitter();
  for (let index = 0; index < 50; index += 1) goneSignal(requestOn(socket));
  expect(socket.listenerCount('close')).toBe(1);
});

it('one that is closed already is gone', () => {
  expect(goneSignal(requestOn(Object.assign(new EventEmitter(), { destroyed: true }))).aborted).toBe(true);
});
