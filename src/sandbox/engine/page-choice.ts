import { textOption } from './options.js';
import { Unconvertible } from './unconvertible.js';

/** The most pages that one task draws or splits. */
export const LIMIT_PAGES = 200;

/**
 * The pages that the option `pages` names, counted from 0, in the order of the document: "all", "first", "last", or numbers and ranges from
 * 1 as "2-4,7". Throws `bad_option` for other words and for pages that are not there, `unsupported` for more than 200.
 */
export function pagesAsked(options: Readonly<Record<string, unknown>>, count: number, otherwise: 'all' | 'first'): number[] {
  const asked = typeof options.pages === 'number' ? String(options.pages) : (textOption(options, ['pages']) ?? otherwise);
  const chosen = choose(asked.trim().toLowerCase(), count);
  if (chosen.length > LIMIT_PAGES) throw new Unconvertible('unsupported', `More than ${LIMIT_PAGES} pages at once are not converted here: name some with "pages".`);
  return chosen;
}

function choose(asked: string, count: number): number[] {
  if (asked === 'all') return Array.from({ length: count }, (_, page) => page);
  if (asked === 'first') return [0];
  if (asked === 'last') return [count - 1];
  const chosen = new Set<number>();
  for (const part of asked.split(',')) {
    const [, from = '', to = from] = /^\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (first < 1 || last < first || last > count) {
      throw new Unconvertible('bad_option', `Option "pages" must be all, first, last, or pages from 1 to ${count} as in "2-4,7".`);
    }
    for (let page = first; page <= last; page += 1) chosen.add(page - 1);
  }
  return [...chosen].sort((left, right) => left - right);
}
