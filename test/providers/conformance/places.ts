import type { Credentials, PlaceInput } from '../../../src/conversion/job-graph.js';
import { PLACE_TYPES } from '../../../src/conversion/places.js';
import { spellingsOf } from '../../../src/conversion/redaction.js';
import type { StageWork } from '../../../src/conversion/provider.js';
import { bench, failureOf, idle } from './bench.js';
import type { AdapterHarness } from './harness.js';

/** The plainest input of each type that has credentials; each credential is a word of its own. */
export const PLACES: Readonly<Record<PlaceInput['type'], { readonly place: PlaceInput; readonly credentials: Credentials }>> = {
  s3: made({ id: 'photo', type: 's3', bucket: 'my-bucket', key: 'in/photo.jpg' }, { accessKeyId: 'AKIA-canary', secretAccessKey: 'secret/access+canary' }),
  gcs: made({ id: 'photo', type: 'gcs', bucket: 'my-bucket', key: 'in/photo.jpg', projectId: 'my-project' }, { clientEmail: 'canary@example.com', privateKey: '-----BEGIN PRIVATE KEY-----\nMIIEcanary\n-----END PRIVATE KEY-----\n' }),
  'azure-blob': made({ id: 'photo', type: 'azure-blob', container: 'my-container', key: 'in/photo.jpg' }, { accountName: 'account-canary', accountKey: 'account+key==canary' }),
  sftp: made({ id: 'photo', type: 'sftp', host: 'sftp.example.com', path: '/in/photo.jpg' }, { username: 'user-canary', password: 'password "canary"' }),
  ftp: made({ id: 'photo', type: 'ftp', host: 'ftp.example.com', path: '/in/photo.jpg' }, { username: 'user-canary', password: 'password "canary"' }),
  'google-drive': made({ id: 'photo', type: 'google-drive', fileId: '1aB_c-D' }, { token: 'ya29.canary' }),
};

function made<T extends Omit<PlaceInput, 'credentialFields'>>(place: T, credentials: Credentials): { readonly place: PlaceInput; readonly credentials: Credentials } {
  return { place: { ...place, credentialFields: Object.keys(credentials) } as unknown as PlaceInput, credentials };
}

export const workOver = (work: StageWork, type: PlaceInput['type'], more: object = {}): StageWork => {
  const { place, credentials } = PLACES[type];
  return { ...work, inputs: [{ id: 'photo', part: '', filename: 'photo.jpg', source: { type: 'place', place: { ...place, ...more }, credentials } }] };
};

export function placeClauses(harness: AdapterHarness): void {
  const { provider } = bench(harness, []);
  const taken = PLACE_TYPES.filter((type) => provider.traits.inputTypes.includes(type));
  const others = PLACE_TYPES.filter((type) => !taken.includes(type));

  describe('files in stores of the caller\'s', () => {
    it.each(taken)('%s: all of it is taken, and travels in the create alone', async (type) => {
      const { place, credentials } = PLACES[type];
      expect(provider.takes(place)).toEqual({ offered: true });
      const { provider: speaking, http } = bench(harness, harness.answers.create);
      const created = await speaking.create(workOver(harness.work, type), idle());
      const [call] = http.calls;
      for (const value of Object.values(credentials)) {
        const spellings = spellingsOf({ value, nested: JSON.stringify(value).slice(1, -1) });
        expect(spellings.some((spelling) => JSON.stringify(call?.json).includes(spelling))).toBe(true);
        expect(spellings.some((spelling) => `${call?.url} ${JSON.stringify(call?.headers)} ${JSON.stringify(created)}`.includes(spelling))).toBe(false);
      }
      expect(created.awaitsUploads).toEqual([]);
    });

    it.each(taken)('%s: a vendor that repeats the credentials does not get them into an error', async (type) => {
      const secrets = spellingsOf(PLACES[type].credentials);
      for (const said of secrets) {
        const { provider: refused } = bench(harness, [{ status: 422, body: harness.answers.refusal(422, `No access with ${said} there, ${'x'.repeat(300)}`) }]);
        const failure = await failureOf(refused.create(workOver(harness.work, type), idle()));
        expect(`${failure.message} ${failure.code} ${failure.stack}`).not.toContain(said);
        expect(failure.message).toContain('[redacted]');
      }
    });

    if (others.length > 0) {
      it.each(others)('%s: not offered, and never sent', async (type) => {
        const { provider: silent, http } = bench(harness, harness.answers.create);
        const failure = await failureOf(silent.create(workOver(harness.work, type), idle()));
        expect([failure.kind, failure.details.created, http.calls.length]).toEqual(['unsupported', 'not_created', 0]);
      });
    }
  });
}
