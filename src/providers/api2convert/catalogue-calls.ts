import type { ProviderError } from '../../conversion/errors.js';
import type { VendorAnswer } from '../vendor-call.js';
import { readCatalogueText, type Api2convertEntry } from './wire.js';

/** The vendor's own command-line client reads no further. */
const MOST_PAGES = 200;

/** `GET {base}/conversions?page=`. Throws `ProviderError` for what is no success. */
export type AskPage = (page: number) => Promise<VendorAnswer>;

/**
 * Page by page until one is empty: no answer tells how many there are. `each` is given a page's entries as they come, so that a large catalogue is
 * never worked through in one go. Returns remarks.
 */
export async function readWholeCatalogue(ask: AskPage, unreadable: (status: number, what: string) => ProviderError, each: (entries: readonly Api2convertEntry[]) => void): Promise<readonly string[]> {
  let before = '';
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const answer = await ask(page);
    const entries = answer.status === 204 ? [] : readCatalogueText(answer.text);
    if (entries === null) throw unreadable(answer.status, 'its body is no list');
    if (entries.length === 0) return [];
    if (answer.text === before) return ['The catalogue gives the same page again and again: `page` is not honoured.'];
    before = answer.text;
    each(entries);
  }
  return [`The catalogue does not end within ${MOST_PAGES} pages.`];
}
