import type { Block } from './text-blocks.js';

const HIDDEN: ReadonlySet<string> = new Set(['script', 'style', 'head', 'template', 'noscript', 'svg']);
const INLINE: ReadonlySet<string> = new Set(
  'a abbr b bdi bdo cite code data del dfn em font i img ins kbd label mark q s samp small span strong sub sup time u var wbr input'.split(' '),
);
const ENTITIES = new Map<string, string>(
  Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', copy: '©', reg: '®', trade: '™', euro: '€', hellip: '…' }).concat(
    Object.entries({ ndash: '–', mdash: '—', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', laquo: '«', raquo: '»', bull: '•', middot: '·', deg: '°' }),
  ),
);

/**
 * The text of a page as headings, items, preformatted code and paragraphs. Scripts, styles and the head are left out;
 * pictures, tables and styling are not drawn (a table's cells are parted by blanks). Linear in the page's length.
 */
export function readHtml(html: string): Block[] {
  const lower = html.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
  const blocks: Block[] = [];
  let open: Omit<Block, 'text'> = { kind: 'paragraph', level: 0 };
  let text = '';
  const close = (next: Omit<Block, 'text'>): void => {
    const whole = open.kind === 'code' ? text.replace(/^\n|\s+$/g, '') : text.replace(/[ \t\n\r\f]+/g, ' ').trim();
    if (whole !== '') blocks.push({ ...open, text: decodeEntities(whole) });
    text = '';
    open = next;
  };
  let at = 0;
  while (at < html.length) {
    const start = html.indexOf('<', at);
    text += html.slice(at, start === -1 ? html.length : start);
    if (start === -1) break;
    if (!/[a-z/!?]/i.test(html[start + 1] ?? '')) {
      text += '<';
      at = start + 1;
      continue;
    }
    const comment = html.startsWith('<!--', start);
    const end = html.indexOf(comment ? '-->' : '>', start);
    if (end === -1) break;
    at = end + (comment ? 3 : 1);
    const tag = /^<(\/?)([a-z][a-z0-9]*)/.exec(lower.slice(start, start + 32));
    if (!tag) continue;
    const [, slash, name = ''] = tag;
    if (slash === '' && HIDDEN.has(name) && html[end - 1] !== '/') {
      const finish = lower.indexOf(`</${name}`, at);
      if (finish === -1) break;
      at = finish;
    } else if (name === 'td' || name === 'th') {
      text += '  ';
    } else if (!INLINE.has(name)) {
      close(slash === '' ? openedBy(name) : { kind: 'paragraph', level: 0 });
    }
  }
  close(open);
  return blocks;
}

function openedBy(name: string): Omit<Block, 'text'> {
  if (/^h[1-6]$/.test(name)) return { kind: 'heading', level: Number(name[1]) };
  if (name === 'li') return { kind: 'item', level: 0 };
  return { kind: name === 'pre' ? 'code' : 'paragraph', level: 0 };
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES.get(name.toLowerCase()) ?? whole;
    const code = decimal !== undefined ? Number(decimal) : parseInt(hex ?? '', 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}

/** Text made safe inside HTML, SVG and XML, in elements and in quoted attributes; characters XML forbids become U+FFFD. */
export function escapeMarkup(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are the ones XML 1.0 forbids
  const allowed = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
  return allowed.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A complete small page with `title`. */
export function writeHtml(blocks: readonly Block[], title: string): string {
  const body = blocks.map(markupOf).join('\n').replace(/<\/li>\n(?!<li>)/g, '</li>\n</ul>\n').replace(/(?<!<\/li>\n)<li>/g, '<ul>\n<li>');
  const closed = body.endsWith('</li>') ? `${body}\n</ul>` : body;
  return `<!doctype html>\n<html>\n<head><meta charset="utf-8"><title>${escapeMarkup(title)}</title></head>\n<body>\n${closed}\n</body>\n</html>\n`;
}

function markupOf({ kind, level, text }: Block): string {
  const escaped = escapeMarkup(text);
  switch (kind) {
    case 'heading':
      return `<h${level}>${escaped}</h${level}>`;
    case 'item':
      return `<li>${escaped}</li>`;
    case 'code':
      return `<pre>${escaped}</pre>`;
    case 'paragraph':
      return `<p>${escaped}</p>`;
    default:
      return kind satisfies never;
  }
}
