import { entryKey, type Catalogue, type CatalogueEntry, type OptionsSchema } from '../../conversion/catalogue.js';
import { ProviderError } from '../../conversion/errors.js';
import { canonicalFormat, categoryOf } from '../../conversion/formats.js';
import { readOperations } from './catalogue.js';
import { readFormatNames } from './wire.js';

/** Calls at once, and how many pairs one reading asks for by themselves: the rest keep their pair without options and price. */
const AT_ONCE = 2;
const MOST_PAIRS = 1000;
const MOST_FORMATS = 500;

/** `GET {base}/core/<path>`: the body; null where the vendor has nothing there (404). Throws `ProviderError` for any other failure. */
export type AskCore = (path: string, query: Readonly<Record<string, string>>) => Promise<string | null>;

/** A format as we and as the vendor spell it. */
interface Format {
  readonly ours: string;
  readonly theirs: string;
}

/**
 * RunConvert's catalogue: formats, the targets of each, and what can be done with each. The documents ask for operations by pair; whether a source
 * alone is answered too is tried out on the first one, since it saves thousands of calls. The targets of a source are all its conversions; of other
 * operations nothing says that they are all told.
 */
export async function readCatalogue(ask: AskCore, unreadable: (what: string) => ProviderError): Promise<Catalogue> {
  const named = await namesAt(ask, 'formats', {}, unreadable);
  if (named === null || named.length === 0) return { entries: [], covers: [], remarks: ['RunConvert lists no formats.'] };
  const formats = distinct(named).slice(0, MOST_FORMATS);
  const found = new Map<string, CatalogueEntry>();
  const add = (entries: readonly CatalogueEntry[]): void => {
    for (const entry of entries) if (found.get(entryKey(entry))?.options == null) found.set(entryKey(entry), entry);
  };
  add(named.filter((name) => categoryOf(name) === null).map((name) => ({ operation: null, name: `format/${canonicalFormat(name)}`, from: null, to: null, options: null, credits: null })));

  const pairs = await pairsOf(formats, ask, unreadable);
  const seen: Seen = new Map();
  const bySource = await askBySource(formats, ask, seen);
  bySource.forEach(add);
  const left = pairs.filter(({ from, to }) => found.get(pairKey(from.ours, to.ours))?.options == null);
  const { answers, remarks } = bySource.length > 0 ? { answers: [], remarks: [] } : await askByPair(left.slice(0, MOST_PAIRS), ask, seen);
  answers.forEach(add);
  add(left.map(({ from, to }) => ({ operation: 'convert', name: 'convert', from: from.ours, to: to.ours, options: null, credits: null })));
  const unasked = bySource.length > 0 ? 0 : left.length - MOST_PAIRS;
  return { entries: [...found.values()], covers: pairs.length > 0 ? ['convert'] : [], remarks: [...remarks, ...(unasked > 0 ? [`Options and prices were asked for ${MOST_PAIRS} pairs; ${unasked} more are listed without.`] : [])] };
}

/** Options by what they were made of (`readOperations`). */
type Seen = Map<string, OptionsSchema | null>;

interface Pair {
  readonly from: Format;
  readonly to: Format;
}

const pairKey = (from: string, to: string): string => entryKey({ operation: 'convert', name: 'convert', from, to });

/** Formats that a step can name here, each once, however the vendor spells it. */
function distinct(names: readonly string[]): readonly Format[] {
  const formats = new Map<string, Format>();
  for (const theirs of names) {
    const ours = canonicalFormat(theirs);
    if (categoryOf(ours) !== null && !formats.has(ours)) formats.set(ours, { ours, theirs });
  }
  return [...formats.values()];
}

/** By source in turns, so that a bound on their number leaves something of every source. */
async function pairsOf(formats: readonly Format[], ask: AskCore, unreadable: (what: string) => ProviderError): Promise<readonly Pair[]> {
  const targets = await inParallel(formats, async (from) => {
    const names = await namesAt(ask, 'outputs', { input_format: from.theirs }, unreadable);
    return distinct(names ?? []).map((to) => ({ from, to }));
  });
  const longest = Math.max(0, ...targets.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => targets.flatMap((pairs) => pairs[turn] ?? [])).flat();
}

/** Empty where the vendor answers pairs alone. */
async function askBySource(formats: readonly Format[], ask: AskCore, seen: Seen): Promise<readonly (readonly CatalogueEntry[])[]> {
  const of = async ({ ours, theirs }: Format): Promise<readonly CatalogueEntry[]> => {
    const body = await ask('operations', { input_format: theirs });
    const entries = body === null ? null : readOperations(body, { from: ours, to: null }, seen);
    return (entries ?? []).filter(({ operation, to }) => operation !== 'convert' || to !== null);
  };
  const [first, ...rest] = formats;
  if (first === undefined) return [];
  const tried = await of(first).catch((error: unknown) => {
    if (error instanceof ProviderError && (error.kind === 'unmapped' || error.kind === 'unsupported')) return [];
    throw error;
  });
  if (tried.length === 0) return [];
  return [tried, ...(await inParallel(rest, of))];
}

/** A vendor that has had enough is left alone: what was told so far counts. */
async function askByPair(pairs: readonly Pair[], ask: AskCore, seen: Seen): Promise<{ readonly answers: readonly (readonly CatalogueEntry[])[]; readonly remarks: readonly string[] }> {
  let refused: ProviderError | null = null;
  const answers = await inParallel(pairs, async ({ from, to }) => {
    if (refused !== null) return [];
    try {
      const body = await ask('operations', { input_format: from.theirs, output_format: to.theirs });
      return (body === null ? null : readOperations(body, { from: from.ours, to: to.ours }, seen)) ?? [];
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind === 'timeout') throw error;
      refused = error;
      return [];
    }
  });
  return { answers, remarks: refused === null ? [] : [`Not every pair's options could be read: ${(refused as ProviderError).message}`] };
}

async function namesAt(ask: AskCore, path: string, query: Readonly<Record<string, string>>, unreadable: (what: string) => ProviderError): Promise<readonly string[] | null> {
  const body = await ask(path, query);
  if (body === null) return null;
  const names = readFormatNames(body);
  if (names === null) throw unreadable(`is no list of ${path}`);
  return names;
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}
