import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { entryKey, type Catalogue, type CatalogueEntry } from '../conversion/catalogue.js';
import { DriftTally, hasDrifted, type Drift } from '../conversion/catalogue-diff.js';
import { Registry } from '../providers/registry.js';
import { breathe } from './breathe.js';
import { toPart } from './catalogue-parts.js';
import { CatalogueStore, type StoredVersion } from './catalogue-store.js';
import { judgeCatalogue, type CatalogueVerdict } from './catalogue-verdict.js';

export interface SyncResult {
  /** `none`: the adapter has no way to read one. `overtaken`: another process kept a version meanwhile. */
  readonly outcome: CatalogueVerdict | 'none' | 'overtaken';
  readonly entries: number;
  /** How many the active version had; null: there was none. */
  readonly before: number | null;
  readonly drift: Drift | null;
}

/** Entries that are compared or written in one go. */
const SLICE = 25;
const MOST_GONE = 5000;

/** Reads a vendor's catalogue anew and keeps it as a version, if it changed. Throws `ProviderError` where the vendor does not give it. */
@Injectable()
export class CatalogueSync {
  constructor(
    private readonly store: CatalogueStore,
    private readonly registry: Registry,
  ) {}

  async sync(provider: string, signal: AbortSignal): Promise<SyncResult> {
    const catalogue = (await this.registry.find(provider)?.guarded.catalogue(signal)) ?? null;
    if (catalogue === null) return { outcome: 'none', entries: 0, before: null, drift: null };
    const { entries } = catalogue;
    const { parts, hash } = await written(entries);
    const { active, last } = await this.store.standing(provider);
    if (active?.hash === hash) return await this.again(active, entries.length, null);
    const { drift, ...scope } = await this.compare(active, catalogue);
    const seenBefore = last?.status === 'suspect' && last.hash === hash;
    const verdict = judgeCatalogue({ before: active?.entries ?? null, drift, usable: entries.filter(({ operation }) => operation !== null).length, seenBefore });
    if (verdict === 'unchanged' && active !== null) return await this.again(active, entries.length, drift);
    const status = verdict === 'activate' ? 'active' : 'suspect';
    const event = eventOf(verdict, active, entries.length, drift);
    const kept = await this.store.save({ provider, after: last?.version ?? 0, status, hash, ...scope, entries: entries.length, parts, event: seenBefore && status === 'suspect' ? null : event });
    return { outcome: kept ? verdict : 'overtaken', entries: entries.length, before: active?.entries ?? null, drift };
  }

  private async again(active: StoredVersion, entries: number, drift: Drift | null): Promise<SyncResult> {
    await this.store.seenAgain(active);
    return { outcome: 'unchanged', entries, before: active.entries, drift };
  }

  /** What changed, and what the vendor's silence means from now on: of what it lists whole, and of what it listed before. */
  private async compare(active: StoredVersion | null, { entries, covers }: Catalogue): Promise<{ readonly drift: Drift; readonly covered: readonly string[]; readonly gone: readonly string[] }> {
    const tally = new DriftTally();
    const listed = { before: new Set<string>(active?.covered), now: new Set<string>(), keys: new Set<string>() };
    if (active !== null) for await (const part of this.store.parts(active)) {
      tally.older(part);
      for (const { operation } of part) if (operation !== null) listed.before.add(operation);
    }
    for await (const part of slices(entries)) {
      tally.newer(part);
      for (const entry of part) {
        listed.keys.add(entryKey(entry));
        if (entry.operation !== null) listed.now.add(entry.operation);
      }
    }
    const lost = [...listed.before].filter((operation) => operation !== '*' && !listed.now.has(operation));
    const covered = new Set([...covers, ...lost]);
    const gone = new Set([...(active?.gone ?? []), ...tally.gone()]);
    const isSaid = (key: string): boolean => listed.keys.has(key) || covered.has('*') || covered.has(key.slice(0, key.indexOf(' ')));
    return { covered: [...covered], gone: [...gone].filter((key) => !isSaid(key)).slice(-MOST_GONE), drift: tally.drift() };
  }
}

/** JSON of each slice, and what they all hash to. */
async function written(entries: readonly CatalogueEntry[]): Promise<{ readonly parts: readonly string[]; readonly hash: string }> {
  const parts: string[] = [];
  const hash = createHash('sha256');
  for await (const part of slices(entries)) {
    const json = JSON.stringify(toPart(part));
    hash.update(json);
    parts.push(json);
  }
  return { parts, hash: hash.digest('hex') };
}

/** Lets everything else that is due run between two slices: nobody waits for a catalogue. */
async function* slices(entries: readonly CatalogueEntry[]): AsyncGenerator<readonly CatalogueEntry[]> {
  for (let at = 0; at < entries.length; at += SLICE) {
    yield entries.slice(at, at + SLICE);
    await breathe();
  }
}

function eventOf(verdict: CatalogueVerdict, active: StoredVersion | null, entries: number, drift: Drift): { readonly type: string; readonly detail: object } | null {
  const detail = { entries, before: active?.entries ?? null, ...drift };
  if (verdict === 'suspect') return { type: 'catalogue.suspect', detail };
  return active !== null && hasDrifted(drift) ? { type: 'catalogue.changed', detail } : null;
}
