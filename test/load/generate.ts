export type Random = () => number;
export type Schema = Readonly<Record<string, unknown>>;

/** What no field wants, and every field gets from somebody one day. */
const NASTY: readonly unknown[] = [
  null, '', ' ', 0, -1, 1e308, -0, 0.1, true, [], {}, [[]], '\0', '\u202egnp.exe', '../../etc/passwd', "'; DROP TABLE job; --", '${jndi:ldap://x}', '\r\nSet-Cookie: a=b', '\ud800', '😀'.repeat(64), 'a'.repeat(5000),
  '9'.repeat(400), '2026-02-30T25:61:61Z', 'http://[::1]:0/', 'file:///etc/passwd', 'data:text/plain;base64,AA==', { $ne: null }, { constructor: { prototype: { polluted: true } } }, JSON.parse('{"__proto__":{"polluted":true}}') as unknown,
];

export const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

/** Values for a document's schemas: mostly what they ask for, now and then what nobody asked for. */
export class Generator {
  private readonly random: Random;
  private readonly schemas: Readonly<Record<string, Schema>>;
  /** How likely a value is nasty instead. */
  private readonly spite: number;

  constructor(random: Random, schemas: Readonly<Record<string, Schema>>, spite: number) {
    this.random = random;
    this.schemas = schemas;
    this.spite = spite;
  }

  value(given: Schema, depth = 0): unknown {
    if (this.random() < this.spite) return pick(this.random, NASTY);
    const schema = this.resolved(given);
    if ('example' in schema && this.random() < 0.3) return schema['example'];
    if (Array.isArray(schema['enum'])) return pick(this.random, schema['enum'] as unknown[]);
    const choices = (schema['oneOf'] ?? schema['anyOf']) as readonly Schema[] | undefined;
    if (choices !== undefined) return this.value(pick(this.random, choices), depth + 1);
    const all = schema['allOf'] as readonly Schema[] | undefined;
    if (all !== undefined) return Object.assign({}, ...all.map((part) => this.value(part, depth + 1))) as unknown;
    return this.ofType(schema, depth);
  }

  private ofType(schema: Schema, depth: number): unknown {
    const type = Array.isArray(schema['type']) ? pick(this.random, schema['type'] as string[]) : schema['type'];
    switch (type) {
      case 'object':
        return depth > 6 ? {} : this.object(schema, depth);
      case 'array':
        return depth > 6 ? [] : Array.from({ length: Math.floor(this.random() * 3) }, () => this.value((schema['items'] ?? {}) as Schema, depth + 1));
      case 'integer':
      case 'number': {
        const low = Number(schema['minimum'] ?? 0);
        const high = Number(schema['maximum'] ?? low + 100);
        const value = low + this.random() * (high - low);
        return type === 'integer' ? Math.round(value) : value;
      }
      case 'boolean':
        return this.random() < 0.5;
      case 'null':
        return null;
      default:
        return this.text(schema);
    }
  }

  private object(schema: Schema, depth: number): object {
    const required = (schema['required'] ?? []) as readonly string[];
    const fields = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>);
    const said = fields.filter(([name]) => (required.includes(name) ? this.random() >= this.spite : this.random() < 0.4));
    const extra = this.random() < this.spite ? [[pick(this.random, ['extra', '__proto__', 'constructor', '', 'a.b']), pick(this.random, NASTY)] as const] : [];
    return Object.fromEntries([...said.map(([name, field]) => [name, this.value(field, depth + 1)] as const), ...extra]);
  }

  private text(schema: Schema): string {
    switch (schema['format']) {
      case 'uuid':
        return crypto.randomUUID();
      case 'date-time':
        return new Date(Math.floor(this.random() * 2e12)).toISOString();
      case 'uri':
        return 'https://files.example.com/notes.txt';
      default:
        return pick(this.random, ['png', 'jpg', 'pdf', 'html', 'convert', 'https://files.example.com/notes.txt', 'notes.txt', 'file', 'step-1', 'a', 'PT1H', crypto.randomUUID()]);
    }
  }

  private resolved(schema: Schema): Schema {
    const name = typeof schema['$ref'] === 'string' ? schema['$ref'].split('/').at(-1) : undefined;
    return name === undefined ? schema : this.resolved(this.schemas[name] ?? {});
  }
}

/** A vendor's answer after an accident: cut, doubled, or with some of its values and names exchanged. */
export function mutated(random: Random, text: string): string {
  const kind = random();
  if (kind < 0.1) return text.slice(0, Math.floor(random() * text.length));
  if (kind < 0.15) return text + text;
  if (kind < 0.2) return pick(random, ['', 'null', '[]', '{}', '"text"', '42', '<html></html>', '\ufeff' + text, '{"id":1e400}', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, `${'{"data":'.repeat(5000)}1${'}'.repeat(5000)}`]);
  if (kind < 0.3) {
    const at = Math.floor(random() * text.length);
    return text.slice(0, at) + String.fromCharCode(Math.floor(random() * 0xffff)) + text.slice(at + 1);
  }
  return JSON.stringify(changed(random, read(text)));
}

function read(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function changed(random: Random, value: unknown): unknown {
  if (random() < 0.04) return pick(random, NASTY);
  if (Array.isArray(value)) return random() < 0.03 ? [...(value as unknown[]), ...(value as unknown[])] : value.map((item) => changed(random, item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    if (random() < 0.03) return [];
    return [[random() < 0.02 ? pick(random, ['__proto__', 'constructor', 'status', 'id', 'data', 'tasks', 'output', '']) : name, changed(random, field)]];
  });
  return Object.fromEntries(entries);
}
