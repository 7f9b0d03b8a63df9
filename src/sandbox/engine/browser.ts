import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fontsAreHere } from './fonts.js';
import { PAGE_ADDRESS, withLonePage } from './lone-page.js';
import { runTool } from './run-tool.js';
import { inScratch } from './scratch.js';
import { toolPath } from './tools.js';
import { Unconvertible } from './unconvertible.js';

const LIMIT_MS = 45_000;
const LIMIT_HEIGHT = 8_000;
const HEIGHT = 1024;
/** How long a page's scripts may run, by the page's own clock. */
const PAGE_MS = 5_000;

/** How the page is looked at: pixels; `height` null for all of the page; `scale` as the factor of a finer screen. */
export interface Viewport {
  readonly width: number;
  readonly height: number | null;
  readonly scale: number;
}

/**
 * A page's HTML drawn by Chromium, styles and scripts included, as PNG or PDF; null where no browser is installed, the one that is does not
 * run, or there are no fonts. The browser reaches nothing but the page: what it links to (styles, pictures in files of their own) is missing.
 */
export async function drawn(html: Buffer, kind: 'png' | 'pdf', viewport: Viewport): Promise<Buffer | null> {
  if (toolPath('chromium') === null || !(await fontsAreHere())) return null;
  try {
    return await inScratch(async (folder) => {
      const size = { ...viewport, height: kind === 'pdf' ? HEIGHT : (viewport.height ?? (await pageHeight(html, folder, viewport))) };
      const result = join(folder, `page.${kind}`);
      await browse(html, folder, size, kind === 'pdf' ? [`--print-to-pdf=${result}`, '--no-pdf-header-footer'] : [`--screenshot=${result}`]);
      return await readFile(result);
    });
  } catch (error) {
    if (error instanceof Unconvertible || (error instanceof Error && 'code' in error)) return null;
    throw error;
  }
}

/** The command line draws what fits on the screen, so the page is measured first, by a script at its end. */
async function pageHeight(html: Buffer, folder: string, viewport: Viewport): Promise<number> {
  const script = `<script>addEventListener('load', () => document.documentElement.setAttribute('data-capture-height', document.documentElement.scrollHeight));</script>`;
  const dom = await browse(Buffer.concat([html, Buffer.from(script)]), folder, { ...viewport, height: HEIGHT }, ['--dump-dom']);
  const height = Number(/data-capture-height="(\d{1,7})"/.exec(dom)?.[1] ?? HEIGHT);
  return Math.min(LIMIT_HEIGHT, Math.max(1, height));
}

async function browse(html: Buffer, folder: string, { width, height, scale }: Viewport, args: readonly string[]): Promise<string> {
  return withLonePage(html, async (port) => {
    const { stdout } = await runTool('chromium', [
      ...['--headless', '--disable-gpu', '--hide-scrollbars', '--no-first-run', '--disable-extensions', '--disable-background-networking', '--disable-dev-shm-usage'],
      ...['--disable-sync', '--disable-component-update', '--mute-audio', '--webrtc-ip-handling-policy=disable_non_proxied_udp'],
      // Root has no user namespace to lock the browser into; elsewhere it locks itself in.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...[`--user-data-dir=${join(folder, 'profile')}`, `--proxy-server=http://127.0.0.1:${port}`, '--proxy-bypass-list=<-loopback>'],
      ...['--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1', `--virtual-time-budget=${PAGE_MS}`],
      ...[`--window-size=${width},${height ?? HEIGHT}`, `--force-device-scale-factor=${scale}`],
      ...args,
      PAGE_ADDRESS,
    ], { folder, limitMs: LIMIT_MS });
    return stdout;
  });
}
