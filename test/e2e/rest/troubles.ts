import type { Gateway } from '../../support/gateway.js';
import { bytesOf, ended, eventsOf, problemOf, running, sendFile, until, uploadJob } from '../support/rest.js';
import { ledgerOf, play, setListening, vendorsOf } from '../support/vendors.js';

/** What a caller does not have to care about. */
export function troubles(gateway: () => Gateway): void {
  it('moves a job to the other vendor while the first is down, with the file that was uploaded once', async () => {
    await setListening(vendorsOf(gateway()), 'api2convert', false);
    try {
      const job = await ended(gateway(), (await sendFile(gateway(), uploadJob('lighthouse.jpg', 'webp'))).id);
      expect(job.status).toBe('completed');
      expect(job.attempts.map(({ provider, status, error }) => [provider, status, error?.kind ?? null])).toEqual([
        ['api2convert', 'errored', 'unavailable'],
        ['api2convert', 'errored', 'unavailable'],
        ['runconvert', 'succeeded', null],
      ]);
      expect((await bytesOf(gateway(), job.outputs[0])).subarray(8, 12).toString()).toBe('WEBP');
      const told = (await eventsOf(gateway(), job.id)).map(({ type }) => type);
      expect(told.filter((type) => ['attempt.errored', 'plan.changed', 'job.completed'].includes(type))).toEqual(['attempt.errored', 'attempt.errored', 'plan.changed', 'job.completed']);
    } finally {
      await setListening(vendorsOf(gateway()), 'api2convert', true);
    }
    const after = await ended(gateway(), (await sendFile(gateway(), uploadJob('lighthouse.jpg', 'webp'))).id);
    expect(after.attempts.map(({ provider }) => provider)).toEqual(['api2convert']);
  });

  it.each([
    ['is out of credit', { name: 'create-status', options: { status: 402 } }, 'quota_exhausted'],
    ['refuses the key', { name: 'create-status', options: { status: 401 } }, 'unauthorized'],
    ['answers something that nobody can read', { name: 'garbage', options: { call: 'create' } }, 'malformed_response'],
    ['fails the conversion', { name: 'fail', options: { code: 7000 } }, 'conversion_failed'],
    ['says that it succeeded, without a file', { name: 'success-without-file' }, 'output_invalid'],
    ['hands out another file', { name: 'wrong-file' }, 'output_invalid'],
  ])('goes on at the other vendor when the first %s', async (_what, scenario, kind) => {
    await play(vendorsOf(gateway()), { ...scenario, vendor: 'api2convert' });
    const job = await ended(gateway(), (await sendFile(gateway(), uploadJob('lighthouse.jpg', 'png'))).id);
    expect(job).toMatchObject({ status: 'completed', attempts: [{ provider: 'api2convert', status: 'errored', error: { kind } }, { provider: 'runconvert', status: 'succeeded' }] });
  });

  it('blames nobody else for a file that is broken', async () => {
    await play(vendorsOf(gateway()), { name: 'fail', vendor: 'api2convert', options: { code: 6005 } });
    const job = await ended(gateway(), (await sendFile(gateway(), uploadJob('lighthouse.jpg', 'png'))).id);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'invalid_input', retryable: false }, attempts: [{ provider: 'api2convert' }] });
    expect(job.attempts).toHaveLength(1);
  });

  it('cancels for certain, once, and the vendor too', async () => {
    const { id } = await sendFile(gateway(), uploadJob('sandbox-hang.jpg', 'png', { routing: { only: ['api2convert'] } }));
    const { providerJobId } = (await running(gateway(), id)).attempts[0] ?? {};
    const cancel = () => gateway().call(`/v1/jobs/${id}/cancel`, { method: 'POST' });
    const answer = await cancel();
    expect([answer.status, ((await answer.json()) as { status: string }).status]).toEqual([202, 'canceled']);
    expect(await problemOf(await cancel())).toMatchObject({ status: 409, code: 'conflict' });
    await until('the vendor to stop', async () => ((await ledgerOf(vendorsOf(gateway()))).jobs.find(({ jobId }) => jobId === providerJobId)?.outcome === 'canceled' ? true : null));
    expect(await ended(gateway(), id)).toMatchObject({ status: 'canceled', attempts: [{ status: 'abandoned' }], steps: [{ status: 'skipped' }], error: null });
  });
}
