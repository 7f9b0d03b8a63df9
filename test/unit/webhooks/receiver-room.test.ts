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

it('is tight where one that answers gets all that it may, and not for one that is silent', () => {
  const room = new ReceiverRoom();
  for (let count = 1; count < room.whole; count += 1) room.enter('busy');
  room.heard('dead', false);
  room.enter('dead');
  expect(room.isTight).toBe(false);
  room.enter('busy');
  expect(room.isTight).toBe(true);
  room.leave('busy');
  expect(room.isTight).toBe(false);
});
