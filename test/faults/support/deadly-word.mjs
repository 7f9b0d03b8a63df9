// Loaded into a gateway by NODE_OPTIONS: the process dies, as of an out-of-memory kill, when it is about to send a vendor a body with the word; or, where
// DEADLY_HOOK names one, a receiver at that path.
import { Buffer } from 'node:buffer';
import { subscribe } from 'node:diagnostics_channel';

const word = process.env.DEADLY_WORD;
const hook = process.env.DEADLY_HOOK;

subscribe('undici:request:create', ({ request: { path, body } }) => {
  // The news of the job hold its word as well, and are no vendor's.
  if (hook === undefined ? path === '/hook' : path !== hook) return;
  if (body !== null && (typeof body === 'string' || Buffer.isBuffer(body)) && body.includes(word)) process.kill(process.pid, 'SIGKILL');
});
