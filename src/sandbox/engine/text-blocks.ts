import { Unconvertible } from './unconvertible.js';

/** What a text document is made of here. `level` is 1 to 6 for headings and 0 otherwise. Inline marks (bold, links) are not kept. */
export interface Block {
  readonly kind: 'heading' | 'paragraph' | 'item' | 'code';
  readonly level: number;
  readonly text: string;
}

/** The longest text that is laid out or rewritten, in characters. */
export const LIMIT_CHARACTERS = 2_000_000;

/** Every line of plain text as a paragraph of its own, so that its line breaks survive. */
export function readPlain(text: string): Block[] {
  return text.replace(/\n+$/, '').split('\n').map((line) => ({ kind: 'paragraph', level: 0, text: line }));
}

/** Markdown as headings, items, fenced code and paragraphs; setext headings, tables and quotes are read as paragraphs. */
export function readMarkdown(text: string): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  let fence: string[] | undefined;
  const close = (): void => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', level: 0, text: withoutMarks(paragraph.join(' ')) });
    paragraph = [];
  };
  for (const line of text.split('\n')) {
    if (/^\s{0,3}(```|~~~)/.test(line)) {
      close();
      if (fence) blocks.push({ kind: 'code', level: 0, text: fence.join('\n') });
      fence = fence ? undefined : [];
    } else if (fence) {
      fence.push(line);
    } else {
      const heading = /^(#{1,6}) (.*)$/.exec(line);
      const item = /^\s*(?:[-*+]|\d{1,9}[.)]) (.*)$/.exec(line);
      if (heading || item || line.trim() === '') close();
      if (heading) blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, text: withoutMarks(heading[2] ?? '') });
      else if (item) blocks.push({ kind: 'item', level: 0, text: withoutMarks(item[1] ?? '') });
      else if (line.trim() !== '') paragraph.push(line.trim());
    }
  }
  close();
  if (fence) blocks.push({ kind: 'code', level: 0, text: fence.join('\n') });
  return blocks;
}

/** `![alt](src)` is alt, `[text](address)` is "text (address)", emphasis and code marks go. */
function withoutMarks(text: string): string {
  return text
    .replace(/!\[([^[\]]{0,500})\]\([^()]{0,2000}\)/g, '$1')
    .replace(/\[([^[\]]{0,500})\]\(([^()]{0,2000})\)/g, '$1 ($2)')
    .replace(/\*\*|__|`/g, '')
    .replace(/(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])/g, '')
    .trim();
}

export function writeMarkdown(blocks: readonly Block[]): string {
  return blocks.map(markdownOf).filter((text) => text.trim() !== '').join('\n\n').replace(/^(- .*)\n\n(?=- )/gm, '$1\n') + '\n';
}

function markdownOf({ kind, level, text }: Block): string {
  switch (kind) {
    case 'heading':
      return `${'#'.repeat(level)} ${text}`;
    case 'item':
      return `- ${text}`;
    case 'code':
      return `\`\`\`\n${text}\n\`\`\``;
    case 'paragraph':
      return text;
    default:
      return kind satisfies never;
  }
}

export function writePlain(blocks: readonly Block[]): string {
  return blocks.map(({ kind, text }) => (kind === 'item' ? `- ${text}` : text)).join('\n') + '\n';
}

/** Refuses what would take too long to lay out. */
export function guardLength<Text extends { readonly length: number }>(text: Text): Text {
  if (text.length <= LIMIT_CHARACTERS) return text;
  throw new Unconvertible('unsupported', `Texts of more than ${LIMIT_CHARACTERS} characters are not converted here.`);
}
