import { outcomeIsLost } from '../../../src/platform/database-trouble.js';

const error = (message: string, code?: string): Error => Object.assign(new Error(message), code === undefined ? {} : { code });

it.each([
  ['the connection broke', error('Connection terminated unexpectedly')],
  ['the connection was reset', error('read ECONNRESET', 'ECONNRESET')],
  ['the pipe broke, in five letters', error('write EPIPE', 'EPIPE')],
  ['the server shuts down', error('terminating connection due to administrator command', '57P01')],
  ['the connection failed, as the server says', error('connection failure', '08006')],
  ['there is no connection to be had', error('timeout exceeded when trying to connect')],
])('%s: nobody knows what was committed', (_, lost) => expect(outcomeIsLost(lost)).toBe(true));

it.each([
  ['a key is there before', error('duplicate key', '23505')],
  ['a lock was waited for too long', error('canceling statement due to lock timeout', '55P03')],
  ['two met in a circle', error('deadlock detected', '40P01')],
  ['it took too long', error('canceling statement due to statement timeout', '57014')],
  ['the disk is full', error('could not extend file', '53100')],
  ['a fault of ours', error('the jobs were not written')],
])('%s: nothing was', (_, told) => expect(outcomeIsLost(told)).toBe(false));
