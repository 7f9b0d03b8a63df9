import { buffer } from 'node:stream/consumers';
import { METHODS, answersOf, API_KEY, bench, content, createForUpload, failureOf, idle, invoke, onlyUpload } from './bench.js';
import type { AdapterHarness } from './harness.js';

const HOSTILE_ID = 'a/../b?c=d#e f';

export function submissionClauses(harness: AdapterHarness): void {
  const { answers, work, uploadWork } = harness;

  describe('a stage becomes a vendor job', () => {
    it('with one create call that carries our reference, and the callback URL where it travels with the job', async () => {
      const { provider, http } = bench(harness, answers.create);
      const before = JSON.stringify(work);
      const created = await provider.create(work, idle());

      expect(created).toMatchObject({ providerJobId: answers.providerJobId, awaitsUploads: [] });
      expect(http.calls.filter(({ name }) => name === 'create')).toHaveLength(1);
      expect(http.calls).toHaveLength(answers.create.length);
      const body = JSON.stringify(http.calls[0]?.json);
      expect(body).toContain(work.reference);
      if (provider.traits.callbacks === 'job') expect(body).toContain(JSON.stringify(work.callbackUrl));
      expect(JSON.stringify(work)).toBe(before);
    });

    it('also where nobody is to be called back', async () => {
      const { provider, http } = bench(harness, answers.create);
      await provider.create({ ...work, callbackUrl: null }, idle());
      expect(JSON.stringify(http.calls[0]?.json)).not.toContain('null');
    });

    it('at the same addresses whether the base URL ends with a slash or not', async () => {
      const plain = bench(harness, answers.create);
      const slashed = bench(harness, answers.create, { baseUrl: `${harness.baseUrl}/` });
      await plain.provider.create(work, idle());
      await slashed.provider.create(work, idle());
      expect(slashed.http.calls.map(({ url }) => url)).toEqual(plain.http.calls.map(({ url }) => url));
      expect(plain.http.calls[0]?.url.startsWith(`${harness.baseUrl}/`)).toBe(true);
    });

    it('is not tried for an operation that the vendor does not have', async () => {
      const { provider, http } = bench(harness, answers.create);
      const steps = work.steps.map((step) => ({ ...step, operation: 'teleport' }));
      const failure = await failureOf(provider.create({ ...work, steps }, idle()));
      expect([failure.kind, failure.details.created]).toEqual(['unsupported', 'not_created']);
      expect(http.calls).toHaveLength(0);
    });
  });

  describe('the bytes that we hold', () => {
    const expectSent = async (calls: ReturnType<typeof bench>['http']['calls']): Promise<void> => {
      const sent = calls.filter(({ form }) => form !== undefined);
      expect(sent).toHaveLength(1);
      const file = sent[0]?.form?.file.content;
      expect(file).toMatchObject({ filename: content.filename, size: content.size });
      if (file !== undefined) expect((await buffer(file.open())).toString()).toBe('bytes');
      expect(JSON.stringify(sent[0]?.headers ?? {})).not.toContain(API_KEY);
    };

    it('are waited for after the create', async () => {
      expect((await createForUpload(harness)).awaitsUploads).toEqual([onlyUpload(uploadWork)]);
    });

    it('go where the create said, once, without the account key', async () => {
      const { provider, http } = bench(harness, answers.upload);
      await invoke(harness, provider, 'upload', await createForUpload(harness), idle());
      await expectSent(http.calls);
      expect(http.calls).toHaveLength(answers.upload.length);
    });

    it('find their way after a restart too', async () => {
      const { provider, http } = bench(harness, answers.uploadAfterRestart);
      const resumed = { providerJobId: answers.providerJobId, awaitsUploads: [onlyUpload(uploadWork)], notes: {} };
      await invoke(harness, provider, 'upload', resumed, idle());
      await expectSent(http.calls);
    });
  });

  describe('a created job', () => {
    it('starts', async () => {
      const { provider, http } = bench(harness, answers.start);
      await provider.start(await createForUpload(harness), idle());
      expect(http.calls).toHaveLength(answers.start.length);
    });

    it.each([[204], [404], [409]])('is canceled, quietly where the vendor answers %s', async (status) => {
      const { provider, http } = bench(harness, answers.cancel.map(() => ({ status })));
      await provider.cancel(answers.providerJobId, idle());
      expect(http.calls.length).toBe(Math.min(answers.cancel.length, 1));
    });

    it('is canceled as the vendor says', async () => {
      const { provider, http } = bench(harness, answers.cancel);
      await provider.cancel(answers.providerJobId, idle());
      expect(http.calls).toHaveLength(answers.cancel.length);
    });
  });

  describe.each(METHODS)('every call of %s', (method) => {
    it('can be stopped', async () => {
      const created = await createForUpload(harness);
      const { provider, http } = bench(harness, answersOf(harness, method));
      const { signal } = new AbortController();
      await invoke(harness, provider, method, created, signal);
      expect(http.calls.filter((call) => call.signal !== signal)).toEqual([]);
    });

    it('keeps an id inside its place in the path', async () => {
      const { provider, http } = bench(harness, answersOf(harness, method));
      const created = { ...(await createForUpload(harness)), providerJobId: HOSTILE_ID };
      await invoke(harness, provider, method, created, idle()).catch(() => undefined);
      expect(http.calls.length).toBeGreaterThanOrEqual(Math.min(answersOf(harness, method).length, 1));
      for (const { url } of http.calls) {
        expect(url).not.toContain(HOSTILE_ID);
        expect(new URL(url).href).toBe(url);
      }
      if (method === 'read') expect(http.calls[0]?.url).toContain(encodeURIComponent(HOSTILE_ID));
    });
  });
}
