import { Agent, fetch } from 'undici';
import type { Gateway } from '../support/gateway.ts';
import { Generator, mutated, pick, type Random, type Schema } from './generate.ts';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Content {
  readonly schema?: Schema;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface RequestsVerdict {
  readonly tried: number;
  readonly statuses: ReadonlyMap<number, number>;
  readonly faults: readonly string[];
}

/** Requests made from the service's own OpenAPI document, right ones and spiteful ones: every answer must be one that the document names, and none a 5xx. */
export async function sendGenerated(gateway: Gateway, random: Random, count: number): Promise<RequestsVerdict> {
  const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
  const generator = new Generator(random, document.components.schemas, 0.04);
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  const ids: string[] = [];
  const dispatcher = new Agent({ connections: 32 });
  const one = async (): Promise<void> => {
    const { path, method, operation } = pick(random, operations);
    const { url, headers } = addressed(generator, random, path, operation, ids);
    const content = pick(random, Object.entries(operation.requestBody?.content ?? { '': {} }));
    const body = bodyFor(generator, random, content);
    const init = { method, headers: { authorization: random() < 0.97 ? `Bearer ${gateway.key}` : 'Bearer wrong', ...headers, ...(content[0] === '' ? {} : { 'content-type': content[0] === 'multipart/form-data' ? 'multipart/form-data; boundary=b' : content[0] }) }, ...(method === 'GET' || body === null ? {} : { body }) };
    const answer = await fetch(`${gateway.url}${url}`, { ...init, signal: AbortSignal.timeout(90_000), dispatcher }).catch((error: unknown) => String(error));
    if (typeof answer === 'string') return void faults.push(`${method} ${url.slice(0, 200)}: no answer (${answer})`);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.headers.get('content-type')?.startsWith('text/event-stream') === true) await answer.body?.cancel();
    else {
      const text = await answer.text();
      if (answer.status === 202) ids.push((JSON.parse(text) as { id: string }).id);
    }
    // What the vendors could not do is told as 502 or 504 where a call waits for them.
    const theirs = path === '/v1/convert' && (answer.status === 502 || answer.status === 504);
    if ((answer.status >= 500 && !theirs) || operation.responses[String(answer.status)] === undefined) faults.push(`${method} ${url.slice(0, 200)} answered ${answer.status}; documented: ${Object.keys(operation.responses).join(', ')}`);
  };
  for (let sent = 0; sent < count; sent += 16) {
    await Promise.all(Array.from({ length: Math.min(16, count - sent) }, one));
    if (sent % 1600 === 0) console.log(`  ${sent} requests sent, ${faults.length} faults`);
  }
  await dispatcher.close();
  return { tried: count, statuses, faults };
}

function addressed(generator: Generator, random: Random, path: string, { parameters = [] }: Operation, ids: readonly string[]): { url: string; headers: Record<string, string> } {
  const known = (): string => (ids.length > 0 && random() < 0.6 ? pick(random, ids) : String(generator.value({ type: 'string', format: 'uuid' })));
  const url = path.replaceAll(/\{[^}]+\}/g, (name) => encodeURIComponent(/id\}$/i.test(name) ? known().toWellFormed() : String(generator.value({ type: 'string' })).toWellFormed().slice(0, 200) || 'x'));
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const { name, in: place, required = false, schema = {} } of parameters) {
    if (place === 'path' || (!required && random() < 0.6)) continue;
    const value = String(name === 'wait' || name === 'Prefer' ? 1 : generator.value(schema)).toWellFormed();
    if (place === 'query') query.set(name, value);
    else if (/^[\x20-\x7e]{1,200}$/.test(value)) headers[name.toLowerCase()] = name === 'Prefer' ? 'wait=1' : value;
  }
  return { url: query.size === 0 ? url : `${url}?${query.toString()}`, headers };
}

function bodyFor(generator: Generator, random: Random, [type, { schema = {}, examples = {} }]: readonly [string, Content]): string | null {
  if (type === '') return null;
  const shown = Object.values(examples);
  if (type.endsWith('json') && shown.length > 0 && random() < 0.5) return random() < 0.4 ? JSON.stringify(pick(random, shown).value) : mutated(random, JSON.stringify(pick(random, shown).value));
  if (type.endsWith('json')) return random() < 0.03 ? '{"inputs": [' : JSON.stringify(generator.value(schema));
  if (type === 'multipart/form-data') return `--b\r\ncontent-disposition: form-data; name="file"; filename="notes.txt"\r\ncontent-type: text/plain\r\n\r\nsome notes\r\n--b--\r\n`;
  return 'some bytes';
}
