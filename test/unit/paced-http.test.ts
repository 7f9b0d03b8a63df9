import { pacedHttp } from '../../src/providers/paced-http.js';
import type { VendorCall, VendorHttp } from '../../src/providers/vendor-call.js';

const call = (name: string, url = 'https://vendor.example/'): VendorCall => ({ name, method: 'GET', url, signal: new AbortController().signal });

/** A vendor that notes when it was called, and fails as it is told. */
function vendor(): { readonly http: VendorHttp; readonly at: number[] } {
  const at: number[] = [];
  return {
    at,
    http: {
      async call({ url }) {
        at.push(performance.now());
        if (url.endsWith('/gone')) throw new Error('gone');
        return { status: 200, headers: {}, text: '' };
      },
    },
  };
}

it('calls for a catalogue come one after the other with pauses, whatever becomes of one of them; all others at once', async () => {
  const listing = vendor();
  const paced = pacedHttp(listing.http);
  const results = await Promise.allSettled([paced.call(call('catalogue')), paced.call(call('catalogue', 'https://vendor.example/gone')), paced.call(call('catalogue'))]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const [first = 0, second = 0, third = 0] = listing.at;
  expect([second - first, third - second].every((pause) => pause > 20)).toBe(true);

  const other = vendor();
  const same = pacedHttp(other.http);
  const waiting = [same.call(call('catalogue')), same.call(call('catalogue')), same.call(call('create')), same.call(call('read'))];
  expect(other.at).toHaveLength(2);
  await Promise.all(waiting);
});
