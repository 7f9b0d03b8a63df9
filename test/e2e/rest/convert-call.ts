import sharp from 'sharp';
import type { Gateway } from '../../support/gateway.js';
import { ended, problemOf, sample, type JobView } from '../support/rest.js';

/** `POST /v1/convert`: file in, file out. */
export function convertCall(gateway: () => Gateway): void {
  async function convert(query: string, filename = 'lighthouse.jpg', field = 'file'): Promise<Response> {
    const form = new FormData();
    form.append(field, new Blob([new Uint8Array(await sample('lighthouse.jpg'))]), filename);
    return gateway().call(`/v1/convert?${query}`, { method: 'POST', body: form });
  }

  it('answers with the file', async () => {
    const answer = await convert('to=png');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(answer.headers.get('content-disposition')).toContain('lighthouse.png');
    expect(answer.headers.get('location')).toMatch(/^\/v1\/jobs\/[0-9a-f-]{36}$/);
    expect(await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).toMatchObject({ format: 'png', width: 1200, height: 800 });
  });

  it('takes an operation with its parameters among the options', async () => {
    const answer = await convert(`operation=thumbnail&to=jpg&options=${encodeURIComponent('{"width":90}')}`);
    expect(await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).toMatchObject({ format: 'jpeg', width: 90 });
  });

  it('answers with the job when it takes longer than the caller waits', async () => {
    const answer = await convert('to=png&wait=1', 'sandbox-hang.jpg');
    const job = (await answer.json()) as JobView;
    expect([answer.status, answer.headers.get('location'), job.status]).toEqual([202, `/v1/jobs/${job.id}`, 'processing']);
    await gateway().call(`/v1/jobs/${job.id}/cancel`, { method: 'POST' });
  });

  it('answers a job that the vendors failed with its code and 502', async () => {
    const answer = await convert('to=png', 'sandbox-fail-7000.jpg');
    expect(await problemOf(answer.clone())).toMatchObject({ status: 502, code: 'conversion_failed' });
    const job = await ended(gateway(), answer.headers.get('location')?.split('/').at(-1) ?? '');
    // Both were asked: a conversion that failed at one may do better at the other, but only once.
    expect(job.attempts.map(({ provider }) => provider)).toEqual(['api2convert', 'runconvert']);
  });

  it.each([
    ['to=', 'lighthouse.jpg', 'file', 422, 'invalid_request'],
    ['to=docx', 'lighthouse.mp3', 'file', 422, 'unsupported_conversion'],
    ['to=png&wait=121', 'lighthouse.jpg', 'file', 422, 'invalid_request'],
    ['to=png&options=nonsense', 'lighthouse.jpg', 'file', 422, 'invalid_request'],
    ['to=png&colour=red', 'lighthouse.jpg', 'file', 422, 'invalid_request'],
    ['to=png', 'lighthouse.jpg', 'picture', 422, 'invalid_request'],
  ])('refuses %s with %s in the field %s', async (query, filename, field, status, code) => {
    expect(await problemOf(await convert(query, filename, field))).toMatchObject({ status, code });
  });
}
