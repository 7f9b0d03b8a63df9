import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { drawn } from '../../src/sandbox/engine/browser.js';
import { has } from './sandbox-engine-programs.js';
import { pagesOf, pixelAt, refusal, run, runOne, sizeOf, text } from './sandbox-engine-support.js';

const PAGE = '<meta charset="utf-8"><style>body { margin: 0; height: 1500px; background: #0a0 }</style><h1>Tides &lt;today&gt;</h1><p>High at nine.</p><script>document.body.style.background = "#00f"</script>';

describe('captured pages', () => {
  it('have a text that can be read, as PDF and as a picture', async () => {
    const pdf = await runOne('capture', 'pdf', text('page.html', '<h1>Tides &lt;today&gt;</h1><p>High at nine.</p>'));
    expect(await pagesOf(pdf)).toBe(1);
    expect((await runOne('convert', 'txt', pdf)).bytes.toString()).toContain('High at nine.');
    const picture = await runOne('capture', 'png', text('page.html', '<h1>Tides</h1>'), { screen_width: 800 });
    expect((await sizeOf(picture.bytes))[0]).toBe(800);
    expect((await sharp(picture.bytes).stats()).channels[0]?.min).toBeLessThan(100);
    await expect(run('capture', 'docx', [text('page.html', PAGE)])).rejects.toEqual(refusal('unsupported'));
    await expect(run('capture', 'png', [text('page.html', PAGE)], { screen_width: 9 })).rejects.toEqual(refusal('bad_option'));
  }, 120_000);

  it(has('chromium') ? 'are drawn by the browser: styles, scripts and all of their height' : 'are drawn as text without a browser', async () => {
    const picture = await runOne('capture', 'png', text('page.html', PAGE), { screen_width: 600 });
    const [width, height] = await sizeOf(picture.bytes);
    expect(width).toBe(600);
    if (!has('chromium')) return expect(await pixelAt(picture.bytes, 300, 5)).toEqual([255, 255, 255]);
    expect(height).toBe(1500);
    expect(await pixelAt(picture.bytes, 300, 1400)).toEqual([0, 0, 255]);
    const fine = await runOne('capture', 'jpg', text('page.html', PAGE), { screen_width: 400, screen_height: 300, device_scale_factor: 2 });
    return expect(await sizeOf(fine.bytes)).toEqual([800, 600]);
  }, 120_000);

  it('reach nothing: neither this machine nor its files', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    server.on('upgrade', (request) => asked.push(request.url ?? ''));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const spy = `<meta charset="utf-8"><style>body { margin: 0 } iframe { border: 0; width: 400px; height: 400px }</style><iframe src="file:///etc/passwd"></iframe>
        <img src="http://127.0.0.1:${port}/image"><img src="http://localhost:${port}/name"><script>fetch('http://127.0.0.1:${port}/fetch'); new WebSocket('ws://127.0.0.1:${port}/socket')</script>`;
      const picture = await runOne('capture', 'png', text('page.html', spy), { screen_width: 600, screen_height: 500 });
      expect(await sizeOf(picture.bytes)).toEqual([600, 500]);
      expect(asked).toEqual([]);
      const pdf = await runOne('capture', 'pdf', text('page.html', `${spy}<p>Seen.</p>`));
      expect((await runOne('convert', 'txt', pdf)).bytes.toString()).not.toContain('root:');
      // The control: who does ask is heard.
      await fetch(`http://127.0.0.1:${port}/control`);
      expect(asked).toEqual(['/control']);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }, 120_000);

  it('come from a browser, or from none: never from half of one', async () => {
    const page = await drawn(Buffer.from(PAGE), 'png', { width: 400, height: 300, scale: 1 });
    expect(page === null).toBe(!has('chromium'));
    if (page) expect(await sizeOf(page)).toEqual([400, 300]);
  }, 60_000);
});
