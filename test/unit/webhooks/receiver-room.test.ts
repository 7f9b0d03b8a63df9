import { ReceiverRoom } from '../../../src/webhooks/receiver-room.js';

it('a receiver gets so many at once, and room again with each that ends', () => {
  const room = new ReceiverRoom();
  expect(room.left()).toEqual({});
  for (let count = 0; count < room.whole; count += 1) room.enter('a:443');
  room.enter('b:443');
  expect(room.left()).toEqual({ 'a:443': 0, 'b:443': room.whole - 1 });
  room.leave('a:443');
  room.leave('b:443');
  expect(room.left()).toEqual({ 'a:443': 1 });
});

it('one that did not answer gets one at a time until it does', () => {
  const room = new ReceiverRoom();
  room.heard('a:443', false);
  expect(room.left()).toEqual({ 'a:443': 1 });
  room.enter('a:443');
  expect(room.left()).toEqual({ 'a:443': 0 });
  room.enter('a:443');
  expect(room.left()).toEqual({ 'a:443': 0 });
  room.leave('a:443');
  room.leave('a:443');
  room.heard('a:443', true);
  expect(room.left()).toEqual({});
});

it('no number of silent receivers fills the memory', () => {
  const room = new ReceiverRoom();
  for (let count = 0; count < 10_050; count += 1) room.heard(`${count}:443`, false);
  const left = room.left();
  expect(Object.keys(left)).toHaveLength(10_000);
  expect([left['49:443'], left['50:443']]).toEqual([undefined, 1]);
});

it('bounds a claim that took all that was left for one receiver, and none that took less', () => {
  const room = new ReceiverRoom();
  const taken = (host: string, count: number) => Array.from({ length: count }, () => ({ host }));
  const none = { any: false, answering: false };
  expect(room.bound({}, [])).toEqual(none);
  expect(room.bound({ a: 3 }, [...taken('a', 2), ...taken('b', room.whole - 1)])).toEqual(none);
  expect(room.bound({ a: 3 }, taken('a', 3))).toEqual({ any: true, answering: true });
  expect(room.bound({ a: 3 }, taken('b', room.whole))).toEqual({ any: true, answering: true });
  expect(room.bound({ a: 0 }, [])).toEqual({ any: true, answering: true });
  room.heard('a', false);
  expect(room.bound({ a: 0 }, [])).toEqual({ any: true, answering: false });
});
