import { readLastEventId, wantsEventStream } from '../../../src/http/event-stream-wish.js';

it.each([
  [undefined, false],
  ['', false],
  ['*/*', false],
  ['text/*', false],
  ['application/json', false],
  ['text/event-stream', true],
  ['Text/Event-Stream', true],
  ['text/event-stream;charset=utf-8', true],
  ['text/event-stream; q=0.5, */*', true],
  ['application/json, text/event-stream', true],
  ['application/json;q=0.9, text/event-stream;q=0.8', false],
  ['text/event-stream;q=0', false],
  ['text/event-stream;q=nonsense', false],
  ['text/event-streams', false],
])('Accept: %s asks for the stream: %s', (accept, wanted) => {
  expect(wantsEventStream(accept)).toBe(wanted);
});

it.each([[undefined, 0], ['', 0], ['0', 0], ['7', 7], ['999999999', 999_999_999]])('Last-Event-ID %j is %i', (header, after) => {
  expect(readLastEventId(header)).toBe(after);
});

it.each(['-1', '1.5', 'abc', '1e3', ' 1', '1, 2', '9999999999', '٣'])('Last-Event-ID %j is refused', (header) => {
  expect(() => readLastEventId(header)).toThrow(expect.objectContaining({ code: 'invalid_request', more: { errors: [expect.objectContaining({ pointer: '/headers/last-event-id' })] } }) as Error);
});
