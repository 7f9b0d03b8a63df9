import { runTask, type SourceFile } from '../engine/engine.js';
import { fetchSource, SourceUnreachable } from '../fetching.js';
import type { Input } from './job.js';

const CAPTURES = new Map([
  ['screenshot', 'png'],
  ['screenshot_pdf', 'pdf'],
]);

const EMBEDDED = /<(?:video|source)\b[^>]*\bsrc\s*=\s*["']([^"']+)["']/i;

/** What a remote input's engine makes of its URL; `auto`, `file` and `zip` take what is there. Throws SourceUnreachable or Unconvertible. */
export async function remoteFile({ engine, source: url, options }: Input, fixtures: string | null): Promise<SourceFile> {
  const source = await fetchSource(url, fixtures);
  if (engine === 'video') return embeddedVideo(source, url, fixtures);
  const target = CAPTURES.get(engine);
  if (target === undefined && engine !== 'website') return source;
  const page = { filename: source.filename.replace(/\.html?$/i, '') + '.html', bytes: source.bytes };
  if (target === undefined) return page;
  const [capture] = await runTask({ operation: 'capture', target, options: { ...options, url } }, [page]);
  if (!capture) throw new SourceUnreachable('The page could not be captured.');
  return capture;
}

/** The first video of a page; a source that is no page is the video itself. */
async function embeddedVideo(source: SourceFile, url: string, fixtures: string | null): Promise<SourceFile> {
  if (!/^\s*<(?:!doctype|html)/i.test(source.bytes.subarray(0, 256).toString('latin1'))) return source;
  const found = EMBEDDED.exec(source.bytes.toString())?.[1];
  const video = found === undefined ? null : URL.parse(found, url);
  if (!video) throw new SourceUnreachable('The page embeds no video.');
  return fetchSource(video.href, fixtures);
}
