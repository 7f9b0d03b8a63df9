/** Where vendors say what a body is about. What stands there is short and a word, or it goes as well. */
const TELLING: ReadonlySet<string> = new Set(['id', 'job_id', 'task_id', 'event', 'type', 'status', 'code', 'operation']);
const WORD = /^[\w./-]{1,64}$/;
const NAME = /^[A-Za-z_][\w-]{0,39}$/;
const DEEPEST = 8;
const MOST_ENTRIES = 50;
const MOST_LETTERS = 16_384;

/**
 * A body without what it says: its fields, the kinds of their values, and the few words that tell what it is about. A vendor may repeat credentials that a
 * caller gave it, in any spelling and anywhere, so nothing else can be kept of a body that may hold some.
 */
export function shapeOf(body: Buffer): string {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return `[${body.length} bytes that are no JSON]`;
  }
  const shape = JSON.stringify(shaped(value, '', 0));
  return shape.length <= MOST_LETTERS ? shape : `[${body.length} bytes of JSON, too many fields to show]`;
}

function shaped(value: unknown, key: string, depth: number): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return TELLING.has(key) ? value : '[number]';
  if (typeof value === 'string') return TELLING.has(key) && WORD.test(value) ? value : `[text of ${value.length}]`;
  if (depth >= DEEPEST) return '[deeper]';
  if (Array.isArray(value)) {
    const left = value.length - MOST_ENTRIES;
    return [...value.slice(0, MOST_ENTRIES).map((entry) => shaped(entry, '', depth + 1)), ...(left > 0 ? [`[${left} more]`] : [])];
  }
  const entries = Object.entries(value as object);
  return Object.fromEntries(entries.slice(0, MOST_ENTRIES).map(([name, entry], place) => [NAME.test(name) ? name : `[field ${place + 1}]`, shaped(entry, name, depth + 1)] as const));
}
