import { saying, type Action } from './actions.js';
import { CALM, type Script } from './script.js';

const accept = (more: Partial<Extract<Action, { readonly do: 'accept' }>> = {}): Action => ({ do: 'accept', shape: 'single', prefer: 'flat', webhook: false, maxAttempts: 4, ...more });
const work = (...scripts: Partial<Script>[]): Action => ({ do: 'work', scripts: scripts.map(saying) });
const late = (script: Script): Action => ({ do: 'late', pick: 0, script });
const BUSY = { read: { as: 'running', progress: 50, word: 'busy' } } as const;
const UNREADABLE = { read: { as: 'unreadable', kind: 'unavailable' } } as const;
const lost = work({ create: 'made, answer lost' });
const cancel: Action = { do: 'cancel', pick: 0 };
const expire: Action = { do: 'expire' };
const thaw: Action = { do: 'thaw', pick: 0 };
const signed: Action = { do: 'callback', pick: 0, body: 'done', signed: true };
const overdue: Action = { do: 'overdue', pick: 0 };

/** What chance comes to seldom. Together they make every transition there is. */
export const STORIES: Readonly<Record<string, readonly Action[]>> = {
  'running': [accept(), work({ stopsAt: 'before create' })],
  'all goes well': [accept({ shape: 'chain with export', webhook: true }), work({}), work(BUSY), work({}), work({}), work({}), { do: 'deliver', status: 200, late: false }],
  'an upload comes, and its job is canceled': [accept({ shape: 'upload' }), { do: 'upload', pick: 0 }, cancel],
  'an upload never comes': [accept({ shape: 'upload' }), overdue],
  'the caller cancels before the upload': [accept({ shape: 'upload' }), cancel],
  'the deadline passes before anything was done': [accept(), overdue],
  'the caller cancels what runs': [accept({ shape: 'export' }), work({}), cancel],
  'the caller\'s own fault': [accept({ webhook: true }), work({}), work({ read: { as: 'failed', kind: 'invalid_input' } }), { do: 'deliver', status: 410, late: false }],
  'failover of a chain': [accept({ shape: 'chain' }), work({ create: 'quota_exhausted' })],
  'a job is retried when all is there': [accept({ shape: 'chain' }), work({}), work({}), work({}), work({}), { do: 'retry', pick: 0 }],
  'a lost create is adopted': [accept({ prefer: 'eager' }), lost, work({}), work({}), work({})],
  'a lost create was never made': [accept({ prefer: 'eager' }), work({ create: 'answer lost' }), work({}), work({})],
  'a lost create cannot be searched': [accept({ prefer: 'eager' }), lost, { do: 'silence' }, work({ find: 'cannot' })],
  'a lost create whose job is canceled': [accept({ prefer: 'eager' }), lost, cancel],
  'a lost create whose provider is taken out': [accept({ prefer: 'eager' }), lost, { do: 'configure', provider: 'eager', there: false }, work({})],
  'a create that goes out after its attempt was given up': [accept({ prefer: 'eager' }), work({ create: 'made, answer lost', stopsAt: 'before create' }), expire, work({}), work({}), work({}), thaw],
  'a create that is answered after the job was canceled': [accept({ prefer: 'eager' }), work({ stopsAt: 'after create' }), cancel, thaw],
  'a worker comes back after another has done its work': [accept(), work({}), work({ stopsAt: 'read' }), expire, work({}), thaw],
  'a worker works on after it gave its lease back': [accept(), work({}), work(BUSY), late(CALM), late(saying({ read: { as: 'failed', kind: 'unavailable' } }))],
  'a signed callback speaks for itself, and comes again': [accept(), work({}), signed, signed, work(BUSY), signed],
  'nothing can be read, and then nothing comes': [accept(), work({}), work(UNREADABLE), work(UNREADABLE), { do: 'silence' }, work(UNREADABLE)],
};
