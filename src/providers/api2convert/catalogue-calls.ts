import type { ProviderError } from '../../conversion/errors.js';
import type { VendorAnswer } from '../vendor-call.js';
import { readCatalogueText, type Api2convertEntry } from './wire.js';

/** The vendor's own command-line client reads no further. */
const MOST_PAGES = 200;

/** `GET {base}/conversions?page=`. Throws `ProviderError` for what is no success. */
export type AskPage = (page: number) => Promise<VendorAnswer>;

/** Page by page until one is empty: no answer tells how many there are. */
export async function readWholeCatalogue(ask: AskPage, unreadable: (status: number, what: string) => ProviderError): Promise<{ readonly entries: readonly Api2convertEntry[]; readonly remarks: readonly string[] }> {
  const all: Api2convertEntry[] = [];
  let before = '';
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const answer = await ask(page);
    const entries = answer.status === 204 ? [] : readCatalogueText(answer.text);
    if (entries === null) throw unreadable(answer.status, 'its body is no list');
    if (entries.length === 0) return { entries: all, remarks: [] };
    if (answer.text === before) return { entries: all, remarks: ['The catalogue gives the same page again and again: `page` is not honoured.'] };
    before = answer.text;
    all.push(...entries);
  }
  return { entries: all, remarks: [`The catalogue does not end within ${MOST_PAGES} pages.`] };
}
