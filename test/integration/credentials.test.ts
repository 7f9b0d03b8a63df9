import type { Lease } from '../../src/execution/stage-store.js';
import { inPlainWords, UNUSABLE } from '../../src/execution/plain-words.js';
import { ProviderError } from '../../src/conversion/errors.js';
import { CredentialStore } from '../../src/jobs/credential-store.js';
import type { WholeJob } from '../../src/jobs/rows.js';
import { SettingsError } from '../../src/platform/env.js';
import { Unsealable } from '../../src/platform/sealing.js';
import { checkSecretsKey } from '../../src/platform/secrets-check.js';
import { engineRoom, SECRETS_KEY, TENANT, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

let room: EngineRoom;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert', 'merge'])]);
});

beforeEach(() => room.empty());

afterAll(() => room.close());

const SECRET = 'not-to-be-seen';
const store = (id: string, secret = SECRET) => ({ id, type: 's3', bucket: 'b', key: 'a.jpg', credentials: { accessKeyId: `${secret}-id`, secretAccessKey: secret } });
const accept = (...ids: string[]): Promise<WholeJob> => room.accept({ inputs: ids.map((id) => store(id)), steps: [{ operation: 'merge', to: 'pdf' }] });
const left = () => room.test.query<{ place_id: string }>('SELECT place_id FROM credential ORDER BY place_id');

async function scene() {
  const leases = await room.claim();
  const loaded = await room.scenes.load(leases[0] as Lease);
  if (loaded === null) throw new Error('no scene');
  return loaded;
}

it('credentials are written sealed, with the job and in its commit, and the job knows nothing of them', async () => {
  const job = await accept('mine', 'yours');
  const rows = await room.test.query<{ place_id: string; sealed: Buffer }>('SELECT place_id, sealed FROM credential WHERE job_id = $1 ORDER BY place_id', [job.id]);
  expect(rows.map(({ place_id }) => place_id)).toEqual(['mine', 'yours']);
  expect(rows.some(({ sealed }) => sealed.includes(SECRET))).toBe(false);
  expect(await room.test.query('SELECT xmin FROM job UNION SELECT xmin FROM credential')).toHaveLength(1);
  expect(JSON.stringify([job, await room.find(job.id)])).not.toContain(SECRET);
  expect([...(await (await scene()).credentials())]).toEqual(['mine', 'yours'].map((id) => [id, { accessKeyId: `${SECRET}-id`, secretAccessKey: SECRET }]));
});

it.each([
  ['with one changed byte', `UPDATE credential SET sealed = set_byte(sealed, 35, get_byte(sealed, 35) # 1) WHERE place_id = 'mine'`],
  ['cut short', `UPDATE credential SET sealed = substr(sealed, 1, 20) WHERE place_id = 'mine'`],
  ['of another input', `UPDATE credential SET sealed = (SELECT sealed FROM credential WHERE place_id = 'yours') WHERE place_id = 'mine'`],
])('credentials %s do not open', async (_how, change) => {
  await accept('mine', 'yours');
  const loaded = await scene();
  expect((await loaded.credentials()).size).toBe(2);
  await room.test.query(change);
  await expect(loaded.credentials()).rejects.toThrow(Unsealable);
});

it('credentials of another job do not open, and another key opens none', async () => {
  const [one, other] = [await accept('mine'), await accept('mine')];
  await expect(new CredentialStore(room.database, Buffer.alloc(32, 8)).open(one.id)).rejects.toThrow(Unsealable);
  await room.test.query('UPDATE credential SET sealed = (SELECT sealed FROM credential WHERE job_id = $1) WHERE job_id = $2', [one.id, other.id]);
  const credentials = new CredentialStore(room.database, SECRETS_KEY);
  expect((await credentials.open(one.id)).size).toBe(1);
  await expect(credentials.open(other.id)).rejects.toThrow(Unsealable);
});

describe('they are erased', () => {
  it('when the job is canceled; those of others stay', async () => {
    const [one] = [await accept('mine'), await accept('theirs')];
    await room.cancels.cancel(TENANT, one.id);
    expect(await left()).toEqual([{ place_id: 'theirs' }]);
  });

  it('when the job fails, and not before', async () => {
    await accept('mine');
    const { scene: running, attempt } = await room.running((await room.claim())[0] as Lease);
    expect(await left()).toHaveLength(1);
    await room.settle.errored(running, attempt, new ProviderError('invalid_input', 'It is broken.'), { credits: null }, 'poll');
    expect(await left()).toEqual([]);
  });
});

describe('what a provider says of a failure', () => {
  const error = (message: string, code: string | null = null) => new ProviderError('unavailable', message, { code });

  it('is freed of the job\'s credentials', async () => {
    await accept('mine');
    expect((await inPlainWords(await scene(), error(`no access with ${SECRET}-id / ${SECRET}`))).message).toBe('no access with [redacted] / [redacted]');
  });

  it('is withheld where nobody can tell whether they are in it, but for our own word for that', async () => {
    await accept('mine');
    const loaded = await scene();
    await room.test.query(`UPDATE credential SET sealed = 'x'`);
    expect((await inPlainWords(loaded, error(`no access with ${SECRET}`))).message).toMatch(/withheld/);
    expect((await inPlainWords(loaded, error('They cannot be opened.', UNUSABLE))).message).toBe('They cannot be opened.');
  });
});

it('a database knows the key that it was first used with, and refuses another, naming the variable and the mend', async () => {
  await checkSecretsKey(room.database, SECRETS_KEY);
  await checkSecretsKey(room.database, SECRETS_KEY);
  const refused = await checkSecretsKey(room.database, Buffer.alloc(32, 8)).catch((reason: unknown) => reason as Error);
  expect(refused).toBeInstanceOf(SettingsError);
  expect((refused as Error).message).toMatch(/^SECRETS_KEY is not the key .*: set the one used before[^\n]*$/);
  await room.test.query('DELETE FROM setting');
  await checkSecretsKey(room.database, Buffer.alloc(32, 8));
});
