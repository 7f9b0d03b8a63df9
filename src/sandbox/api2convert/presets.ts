import { newId, type JsonObject } from './job.js';

export interface Preset {
  readonly id: string;
  /** The account's key; null for those that the vendor publishes. */
  readonly key: string | null;
  readonly category: string;
  readonly scope: 'public' | 'private';
  name: string;
  target: string;
  options: JsonObject;
}

/** What a list of presets is narrowed by: `filter` holds phrases, any of which the name must contain. */
export interface PresetQuery {
  readonly category?: string;
  readonly target?: string;
  readonly filter?: string;
}

/** The vendor's own; their options are never shown. */
const PUBLIC: readonly Preset[] = [
  ['image', 'jpg', 'Web image'],
  ['image', 'png', 'Screenshot for print'],
  ['document', 'pdf', 'Merged handout'],
].map(([category = '', target = '', name = '']) => ({ id: newId(), key: null, category, scope: 'public', name, target, options: {} }));

/** Named sets of options: an account's own, and the public ones. */
export class Presets {
  private kept: Preset[] = [];

  add(preset: Omit<Preset, 'id'>): Preset {
    const added = { ...preset, id: newId() };
    this.kept.push(added);
    return added;
  }

  /** An account's own, newest last. */
  ofAccount(key: string): Preset[] {
    return this.kept.filter((preset) => preset.key === key);
  }

  /** What an account sees; null is a caller without a key. */
  search(key: string | null, { category, target, filter }: PresetQuery): Preset[] {
    const phrases = (filter ?? '').toLowerCase().split(',').map((phrase) => phrase.trim()).filter(Boolean);
    return [...(key === null ? [] : this.ofAccount(key)), ...PUBLIC].filter(
      (preset) =>
        (!category || preset.category === category) &&
        (!target || preset.target === target) &&
        (phrases.length === 0 || phrases.some((phrase) => preset.name.toLowerCase().includes(phrase))),
    );
  }

  remove(preset: Preset): void {
    this.kept = this.kept.filter((one) => one !== preset);
  }

  clear(): void {
    this.kept = [];
  }
}
