import { PDFDocument } from '@cantoo/pdf-lib';
import sharp from 'sharp';
import type { Gateway } from '../../support/gateway.js';
import { bytesOf, ended, eventsOf, post, sample, send, sendFile, upload, uploadJob, type JobView } from '../support/rest.js';

const VENDORS = ['api2convert', 'runconvert'] as const;
const only = (vendor: string) => ({ routing: { only: [vendor] } });

async function shapeOf(bytes: Buffer): Promise<object> {
  const { format, width, height } = await sharp(bytes).metadata();
  return { format, width, height };
}

/** What the service is for: files in, files out, at each vendor. */
export function mainJobs(gateway: () => Gateway): void {
  describe.each(VENDORS)('at %s', (vendor) => {
    const convert = { steps: [{ id: 'made', operation: 'convert', to: 'webp' }], ...only(vendor) };

    async function expectPhotograph(sent: JobView): Promise<void> {
      const job = await ended(gateway(), sent.id);
      expect(job).toMatchObject({ status: 'completed', progress: 100, error: null, steps: [{ status: 'done', provider: vendor }], attempts: [{ provider: vendor, status: 'succeeded' }] });
      expect(job.outputs).toEqual([expect.objectContaining({ step: 'made', filename: 'lighthouse.webp', contentType: 'image/webp' })]);
      expect(await shapeOf(await bytesOf(gateway(), job.outputs[0]))).toEqual({ format: 'webp', width: 1200, height: 800 });
    }

    it('converts an uploaded photograph, once it is there', async () => {
      const job = await send(gateway(), uploadJob('lighthouse.jpg', 'webp', only(vendor)));
      expect(job.status).toBe('awaiting_input');
      expect((await upload(gateway(), job.id, 'file', await sample('lighthouse.jpg'))).status).not.toBe('awaiting_input');
      await expectPhotograph(job);
    });

    it('converts a photograph that the vendor fetches by its address', async () => {
      await expectPhotograph(await send(gateway(), { inputs: [{ type: 'url', url: 'https://pictures.example/lighthouse.jpg' }], ...convert }));
    });

    it('converts a photograph that came inside the body', async () => {
      const data = (await sample('lighthouse.jpg')).toString('base64');
      await expectPhotograph(await send(gateway(), { inputs: [{ type: 'base64', data, filename: 'lighthouse.jpg' }], ...convert }));
    });

    it('merges two documents and makes a thumbnail of the result in one job', async () => {
      const documents = { invoice: 'invoice.pdf', terms: 'terms.pdf' };
      const { id } = await send(gateway(), {
        inputs: Object.entries(documents).map(([input, filename]) => ({ id: input, type: 'upload', filename })),
        steps: [
          { id: 'merged', operation: 'merge', inputs: ['invoice', 'terms'], to: 'pdf' },
          { id: 'cover', operation: 'thumbnail', inputs: ['merged'], to: 'png', width: 120 },
          { id: 'packed', operation: 'compress', inputs: ['merged'] },
        ],
        ...only(vendor),
      });
      for (const [input, filename] of Object.entries(documents)) await upload(gateway(), id, input, await sample(filename));
      const job = await ended(gateway(), id);
      expect(job).toMatchObject({ status: 'completed', steps: [{ status: 'done' }, { status: 'done' }, { status: 'done' }] });
      expect(job.outputs.map(({ step }) => step)).toEqual(['cover', 'packed']);
      expect(await shapeOf(await bytesOf(gateway(), job.outputs[0]))).toMatchObject({ format: 'png', width: 120 });
      expect((await PDFDocument.load(new Uint8Array(await bytesOf(gateway(), job.outputs[1])))).getPageCount()).toBe(3);
    });

    it('packs several files into an archive', async () => {
      const { id } = await send(gateway(), {
        inputs: ['notes.txt', 'terms.pdf'].map((name) => ({ type: 'url', url: `https://files.example/${name}` })),
        steps: [{ operation: 'archive', to: 'zip' }],
        ...only(vendor),
      });
      const job = await ended(gateway(), id);
      expect(job.status).toBe('completed');
      const names = (await bytesOf(gateway(), job.outputs[0])).toString('latin1').match(/(notes\.txt|terms\.pdf)/g);
      expect(new Set(names)).toEqual(new Set(['notes.txt', 'terms.pdf']));
    });

    it('gives a result for each of several files', async () => {
      const inputs = ['lighthouse.jpg', 'harbour.jpg'].map((name) => ({ type: 'url', url: `https://pictures.example/${name}` }));
      const job = await ended(gateway(), (await send(gateway(), { inputs, ...convert })).id);
      expect(job.outputs.map(({ filename }) => filename).sort()).toEqual(['harbour.webp', 'lighthouse.webp']);
      const [one, other] = await Promise.all(job.outputs.map((output) => bytesOf(gateway(), output)));
      expect(one?.equals(other ?? Buffer.alloc(0))).toBe(false);
    });

    it('fails a job whose file cannot be fetched, and says so', async () => {
      const job = await ended(gateway(), (await send(gateway(), { inputs: [{ type: 'url', url: 'http://127.0.0.1.invalid/nowhere.jpg' }], ...convert })).id);
      expect(job).toMatchObject({ status: 'failed', outputs: [], error: { code: 'source_unreachable' } });
    });
  });

  it('runs a job across both vendors when neither offers all of it', async () => {
    // A page as HTML is api2convert's alone, a watermark RunConvert's.
    const { id } = await send(gateway(), {
      inputs: [],
      steps: [
        { id: 'page', operation: 'capture', url: 'https://pages.example/notes.txt', to: 'html' },
        { id: 'document', operation: 'convert', to: 'pdf' },
        { id: 'marked', operation: 'watermark', text: 'DRAFT' },
      ],
    });
    const job = await ended(gateway(), id);
    expect(job).toMatchObject({ status: 'completed', error: null });
    expect([job.steps[0]?.provider, job.steps[2]?.provider]).toEqual(['api2convert', 'runconvert']);
    expect((await PDFDocument.load(new Uint8Array(await bytesOf(gateway(), job.outputs[0])))).getPageCount()).toBeGreaterThan(0);
  });

  it('answers with the ended job when the caller prefers to wait, and without it at once', async () => {
    const body = { inputs: [{ type: 'url', url: 'https://pictures.example/harbour.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };
    const waited = await post(gateway(), body, { prefer: 'wait=20' });
    expect([waited.status, waited.headers.get('preference-applied'), ((await waited.json()) as JobView).status]).toEqual([200, 'wait', 'completed']);
    const began = performance.now();
    const short = await post(gateway(), { ...body, inputs: [{ type: 'url', url: 'https://pictures.example/harbour.jpg', filename: 'sandbox-hang.jpg' }] }, { prefer: 'wait=1' });
    const job = (await short.json()) as JobView;
    expect([short.status, short.headers.get('location'), job.status]).toEqual([202, `/v1/jobs/${job.id}`, 'processing']);
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    const atOnce = await post(gateway(), body);
    expect([atOnce.status, ((await atOnce.json()) as JobView).status]).toEqual([202, 'queued']);
    await gateway().call(`/v1/jobs/${job.id}/cancel`, { method: 'POST' });
  });

  it('tells the whole way in the timeline, in order', async () => {
    const job = await ended(gateway(), (await sendFile(gateway(), uploadJob('lighthouse.jpg', 'png', only('runconvert')))).id);
    const events = await eventsOf(gateway(), job.id);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    const told = events.map(({ type }) => type).filter((type) => type !== 'attempt.progressed');
    expect(told).toEqual(['job.created', 'plan.decided', 'input.received', 'job.queued', 'job.processing', 'attempt.submitting', 'attempt.running', 'attempt.succeeded', 'step.done', 'job.completed']);
  });
}
