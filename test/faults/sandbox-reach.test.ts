import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { Api2convertClient, remote } from '../integration/sandbox/api2convert-client.ts';
import { importing, RunConvertClient, taskOf } from '../integration/sandbox/runconvert-client.ts';
import { bytesAt, call, sandboxOnFreePorts, textOf, type Json } from '../integration/sandbox/support.ts';

const list = (value: Json | undefined): Json[] => Array.from(value as unknown as ArrayLike<Json>);

let sandbox: Sandbox;
let api: Api2convertClient;
let run: RunConvertClient;
beforeAll(async () => {
  sandbox = await sandboxOnFreePorts();
  api = new Api2convertClient(sandbox.api2convertUrl);
  run = new RunConvertClient(sandbox.runconvertUrl);
});
afterAll(() => sandbox.close());

const names = (job: Json): string[] => list(job.output).map(({ filename }) => textOf(filename));
const document = (target: string, options: Record<string, unknown>): Record<string, unknown> => ({ category: 'document', target, options });

describe('api2convert reaches', () => {
  it('the pages of a PDF: as an archive, or as they are where that is allowed', async () => {
    const inputs = { input: [remote('terms.pdf')] };
    const packed = await api.run({ ...inputs, conversion: [document('pdf', { split: true })] });
    expect(names(packed)).toEqual(['terms-1.zip']);
    const loose = await api.run({ ...inputs, conversion: [document('pdf', { split: true, allow_multiple_outputs: true }), { category: 'image', target: 'jpg', options: { pages: 'last', dpi: 50 } }] });
    expect(names(loose)).toEqual(['terms-1.pdf', 'terms-2.pdf', 'terms-2.jpg']);
  });

  it('a stamp: the last input, over the pages of the first', async () => {
    const stamped = await api.run({ input: [remote('terms.pdf'), remote('harbour.jpg')], conversion: [document('pdf', { stamp: true, alignment: 'center' })] });
    expect([stamped.status!.code, names(stamped)]).toEqual(['completed', ['terms.pdf']]);
    const alone = await api.run({ input: [remote('terms.pdf')], conversion: [document('pdf', { stamp: true })] });
    expect([alone.status!.code, alone.errors![0]?.code]).toEqual(['failed', 6037]);
  });

  it('text recognition, in the language that there is', async () => {
    const read = await api.run({ input: [remote('invoice.pdf')], conversion: [document('txt', { ocr: true, language: 'eng' })] });
    expect((await bytesAt(read.output![0]!.uri)).toString()).toContain('Brass lantern');
    const foreign = await api.run({ input: [remote('invoice.pdf')], conversion: [document('txt', { ocr: true, language: 'deu' })] });
    expect([foreign.status!.code, foreign.errors![0]?.code]).toEqual(['failed', 4000]);
  }, 60_000);

  it('a catalogue in which nothing stands twice', async () => {
    const entries: string[] = [];
    for (let page = 1, size = 1; size > 0; page += 1) {
      const found = list((await api.request(`/conversions?page=${page}`)).json);
      size = found.length;
      entries.push(...found.map(({ category, target }) => `${textOf(category)}/${textOf(target)}`));
    }
    expect(entries.length).toBeGreaterThan(20);
    expect(new Set(entries).size).toBe(entries.length);
  });
});

describe('RunConvert reaches', () => {
  it('the pages of a PDF, recognised text and thumbnails in one graph', async () => {
    const job = await run.run({
      paper: importing('terms.pdf'),
      pages: { operation: 'convert', input: 'paper', input_format: 'pdf', output_format: 'png', options: { dpi: 60 } },
      text: { operation: 'ocr', input: 'paper', output_format: 'txt', language: 'eng' },
      small: { operation: 'thumbnail', input: 'paper', output_format: 'jpg', width: 90 },
      out: { operation: 'export/url', input: ['pages', 'text', 'small'] },
    });
    expect([job.status, list(taskOf(job, 'out').result!.files as unknown as Json).map(({ filename }) => filename)]).toEqual(['completed', ['terms-1.png', 'terms-2.png', 'terms.txt', 'terms.jpg']]);
  }, 60_000);

  it('pairs and operations that it tells of, each once', async () => {
    const told = (await call(`${sandbox.runconvertUrl}/core/operations?input_format=pdf`)).json.data as unknown as { operation: string; output_format: string }[];
    const pairs = told.map(({ operation, output_format: output }) => `${operation} ${output}`);
    expect(pairs).toEqual(expect.arrayContaining(['convert png', 'convert txt', 'ocr pdf', 'thumbnail jpg', 'merge pdf', 'watermark pdf']));
    expect(new Set(pairs).size).toBe(pairs.length);
  });
});
