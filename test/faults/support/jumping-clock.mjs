// Loaded into a gateway by NODE_OPTIONS: its wall clock is off by as many ms as the file says. Monotonic clocks and timers go on as they do.
import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

const Real = Date;
const file = process.env.CLOCK_FILE;
let shift = 0;

setInterval(() => {
  try {
    shift = Number(readFileSync(file, 'utf8'));
  } catch {
    shift = 0;
  }
}, 20).unref();

const now = () => Real.now() + shift;

globalThis.Date = new Proxy(Real, {
  construct: (target, args, as) => Reflect.construct(target, args.length === 0 ? [now()] : args, as),
  apply: () => new Real(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
