import type { Gateway } from '../../support/gateway.js';
import { bytesOf, ended, problemOf, sendFile, uploadJob, type OutputView } from '../support/rest.js';

/** `GET …/outputs/{id}/content` */
export function downloads(gateway: () => Gateway): void {
  let output: OutputView;
  let whole: Buffer;
  let path: string;
  const get = (headers: Record<string, string> = {}): Promise<Response> => gateway().call(path, { headers });

  beforeAll(async () => {
    const job = await ended(gateway(), (await sendFile(gateway(), uploadJob('lighthouse.jpg', 'webp'))).id);
    output = job.outputs[0] as OutputView;
    path = new URL(output.url).pathname;
    whole = await bytesOf(gateway(), output);
  });

  it('names the file, and is safe in a browser', async () => {
    const { status, headers } = await get();
    expect([status, headers.get('content-length'), headers.get('accept-ranges'), headers.get('x-content-type-options')]).toEqual([200, String(output.size), 'bytes', 'nosniff']);
    expect(headers.get('content-disposition')).toBe('attachment; filename=lighthouse.webp');
  });

  it.each([
    ['bytes=0-99', 0, 99],
    ['bytes=100-', 100, -1],
    ['bytes=-50', -50, -1],
  ])('answers the range %s with just that', async (range, first, last) => {
    const [start, end] = [first, last].map((place) => (place < 0 ? whole.length + place : place)) as [number, number];
    const answer = await get({ range });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([206, `bytes ${start}-${end}/${whole.length}`]);
    expect(Buffer.from(await answer.arrayBuffer()).equals(whole.subarray(start, end + 1))).toBe(true);
  });

  it('refuses a range behind the end, and says how long the file is', async () => {
    const answer = await get({ range: `bytes=${whole.length}-` });
    expect(answer.headers.get('content-range')).toBe(`bytes */${whole.length}`);
    expect(await problemOf(answer)).toMatchObject({ status: 416, code: 'range_not_satisfiable' });
  });

  it('sends nothing to a caller who has it already', async () => {
    const etag = (await get()).headers.get('etag') ?? '';
    const known = await get({ 'if-none-match': etag });
    expect([known.status, (await known.arrayBuffer()).byteLength]).toEqual([304, 0]);
    expect((await get({ 'if-none-match': '"another"' })).status).toBe(200);
  });

  it('resumes only the version that was begun', async () => {
    const etag = (await get()).headers.get('etag') ?? '';
    expect((await get({ range: 'bytes=10-19', 'if-range': etag })).status).toBe(206);
    expect((await get({ range: 'bytes=10-19', 'if-range': '"another"' })).status).toBe(200);
  });

  it('knows no other output, and nobody without the key', async () => {
    expect(await problemOf(await gateway().call(path.replace(/[^/]+\/content$/, '00000000-0000-7000-8000-000000000000/content')))).toMatchObject({ status: 404 });
    expect(await problemOf(await fetch(output.url))).toMatchObject({ status: 401, code: 'unauthorized' });
  });
}
