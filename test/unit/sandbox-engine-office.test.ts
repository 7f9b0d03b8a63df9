import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { has } from './sandbox-engine-programs.js';
import { pagesOf, refusal, run, runOne, sample, sizeOf, text } from './sandbox-engine-support.js';

const WITHOUT = { name: 'Unconvertible', reason: 'unsupported', message: expect.stringContaining('LibreOffice is not installed') as string };

/** Runs `story` where LibreOffice is; elsewhere the same work must be refused, with the reason. */
const office = (name: string, story: () => Promise<void>): void => {
  it(has('soffice') ? name : `${name} (without LibreOffice: refused, and why)`, async () => {
    if (has('soffice')) await story();
    else await expect(run('convert', 'docx', [text('a.txt', 'x')])).rejects.toMatchObject(WITHOUT);
  }, 120_000);
};

describe('office documents', () => {
  office('a text becomes a document and comes back', async () => {
    const docx = await runOne('convert', 'docx', text('letter.txt', 'Dear Łukasz,\n\nthe lamps – all six – are here. 北京\n'));
    expect(docx.filename).toBe('letter.docx');
    expect((await runOne('convert', 'txt', docx)).bytes.toString().replace(/^\ufeff/, '').trim()).toBe('Dear Łukasz,\n\nthe lamps – all six – are here. 北京');
  });

  office('a table keeps its cells', async () => {
    const xlsx = await runOne('convert', 'xlsx', text('stock.csv', 'name,count\n"Lamp, big",3\nRope,12\n'));
    expect((await runOne('convert', 'csv', xlsx)).bytes.toString().replace(/\r\n/g, '\n')).toBe('name,count\n"Lamp, big",3\nRope,12\n');
  });

  office('pages are drawn, made small, and merged with others', async () => {
    const docx = await runOne('convert', 'docx', text('long.txt', 'A line that is said again.\n'.repeat(120)));
    const pages = await run('convert', 'png', [docx], { dpi: 40 });
    expect(pages.length).toBeGreaterThan(1);
    expect(pages[0]?.filename).toBe('long-1.png');
    expect(await sizeOf((await runOne('thumbnail', 'png', docx, { width: 100 })).bytes)).toEqual([100, expect.any(Number)]);
    expect(await pagesOf(await runOne('merge', 'pdf', [docx, await sample('terms.pdf')]))).toBe(pages.length + 2);
  });

  office('noise under a document’s name is called corrupt', async () => {
    await expect(run('convert', 'pdf', [text('a.docx', 'no document')])).rejects.toEqual(refusal('corrupt_input'));
  });

  office('what a document links to is not asked for', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/spy.png`;
      const made = await runOne('convert', 'odt', text('spy.html', `<p>Before</p><img src="${address}" width="9" height="9"><p>After</p>`));
      const again = await runOne('convert', 'txt', made);
      await runOne('convert', 'pdf', made);
      expect(again.bytes.toString()).toContain('After');
      expect(asked).toEqual([]);
      // The control: the spy does hear who asks.
      await fetch(address);
      expect(asked).toEqual(['/spy.png']);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
