import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Budget } from '../accounts/budget.js';
import { budgetConfig, toBudgets } from '../accounts/budget-config.js';
import type { Currencies } from '../conversion/money.js';
import { SettingsError, type Env } from '../platform/env.js';
import { CATALOG } from './catalog.js';
import { errorKinds } from './error-kinds-config.js';
import { routing, type Balanced } from './routing-config.js';
import { commonOf, currencies, DEFAULT_CURRENCY, inOneCurrency, pricing } from './pricing-config.js';

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "-" or "_"');
const pause = z.number().int().min(1).max(3_600_000).optional();

const providerConfig = z.strictObject({
  id,
  adapter: z.string(),
  baseUrl: z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http or https address').optional(),
  apiKey: z.string().min(1),
  webhookSecret: z.string().min(1).nullish(),
  priority: z.number().int().default(1),
  weight: z.number().nonnegative().default(1),
  regions: z.array(z.string()).default([]),
  maxConcurrent: z.number().int().positive().nullish(),
  /** First and longest pause between two looks at one of its jobs, instead of `POLL_FLOOR_MS` and `POLL_CEILING_MS`. */
  poll: z.strictObject({ floorMs: pause, ceilingMs: pause }).optional(),
  settings: z.record(z.string(), z.unknown()).default({}),
  pricing: pricing.nullish(),
  errors: errorKinds.optional(),
});

/** What a minute of waiting for room is worth, in the currency of the prices: a job goes elsewhere where that costs less more. */
const waiting = z.strictObject({ costPerMinute: z.string().regex(/^\d{1,9}(\.\d{1,8})?$/, 'must be a decimal number, not negative, in quotes ("0.01")') });

const providersFile = z.strictObject({ providers: z.array(providerConfig).min(1), waiting: waiting.optional(), ...currencies.shape, budgets: z.array(budgetConfig).default([]), routing });

/** One configured account. `baseUrl` has no trailing slash; `balanced` and `waiting` are the same in all of them. */
export type ProviderConfig = z.output<typeof providerConfig> & { readonly baseUrl: string; readonly balanced?: Balanced | undefined; readonly waiting?: z.output<typeof waiting> | undefined };

/** The configured accounts, in the file's order; without a file, one for each adapter whose key is set. */
export function readProviderConfigs(env: Env, variables: Readonly<Record<string, string | undefined>>): readonly ProviderConfig[] {
  const configs = env.raw.PROVIDERS_FILE === undefined ? fromEnvironment(variables) : fromFile(env.raw.PROVIDERS_FILE, variables, env);
  return configs.map((config) => ({ ...config, baseUrl: config.baseUrl.replace(/\/+$/, '') }));
}

/** In what money is counted, and how much of it may be spent. */
export interface MoneyConfig extends Currencies {
  readonly budgets: readonly Budget[];
}

export const NO_MONEY: MoneyConfig = { currency: DEFAULT_CURRENCY, rates: {}, budgets: [] };

export function readMoney(env: Env, variables: Readonly<Record<string, string | undefined>>): MoneyConfig {
  if (env.raw.PROVIDERS_FILE === undefined) return NO_MONEY;
  const { currency, rates, providers, budgets } = parsed(env.raw.PROVIDERS_FILE, variables);
  const money = { currency: commonOf({ currency, providers }) ?? DEFAULT_CURRENCY, rates };
  const read = toBudgets(budgets, money, providers.map(({ id: provider }) => provider));
  if ('wrong' in read) throw wrongIn(env.raw.PROVIDERS_FILE)(read.wrong);
  return { ...money, ...read };
}

/** The pauses of an account's poll curve. */
export function pollOf({ poll }: Pick<ProviderConfig, 'poll'>, { raw }: Pick<Env, 'raw'>): { readonly floorMs: number; readonly ceilingMs: number } {
  return { floorMs: poll?.floorMs ?? raw.POLL_FLOOR_MS, ceilingMs: poll?.ceilingMs ?? raw.POLL_CEILING_MS };
}

function fromEnvironment(variables: Readonly<Record<string, string | undefined>>): ProviderConfig[] {
  return CATALOG.flatMap(({ name, environment, defaultBaseUrl }, index) => {
    const apiKey = variables[`${environment}_API_KEY`];
    if (apiKey === undefined || apiKey === '') return [];
    const baseUrl = variables[`${environment}_BASE_URL`] || defaultBaseUrl;
    const webhookSecret = variables[`${environment}_WEBHOOK_SECRET`] || null;
    return [{ ...providerConfig.parse({ id: name, adapter: name, apiKey, webhookSecret, priority: index + 1 }), baseUrl }];
  });
}

const wrongIn = (path: string) => (message: string) => new SettingsError(`PROVIDERS_FILE (${path}): ${message}`);

function parsed(path: string, variables: Readonly<Record<string, string | undefined>>): z.output<typeof providersFile> {
  const wrong = wrongIn(path);
  let content: unknown;
  try {
    content = resolveReferences(JSON.parse(readFileSync(path, 'utf8')), variables);
  } catch (error) {
    throw wrong(error instanceof SyntaxError ? 'is not valid JSON.' : (error as Error).message);
  }
  const file = providersFile.safeParse(content);
  if (!file.success) {
    const issue = file.error.issues[0];
    throw wrong(`/${issue?.path.join('/') ?? ''} ${issue?.message ?? 'is wrong'}.`);
  }
  return file.data;
}

function fromFile(path: string, variables: Readonly<Record<string, string | undefined>>, env: Env): ProviderConfig[] {
  const wrong = wrongIn(path);
  const file = parsed(path, variables);
  const converted = inOneCurrency(file);
  if ('wrong' in converted) throw wrong(converted.wrong);
  const seen = new Set<string>();
  return converted.providers.map((config, index) => {
    const adapter = CATALOG.find(({ name }) => name === config.adapter);
    if (adapter === undefined) throw wrong(`/providers/${index}/adapter: there is no adapter "${config.adapter}"; use ${CATALOG.map(({ name }) => name).join(' or ')}.`);
    if (seen.has(config.id)) throw wrong(`/providers/${index}/id: "${config.id}" is used twice.`);
    seen.add(config.id);
    const { floorMs, ceilingMs } = pollOf(config, env);
    if (ceilingMs < floorMs) throw wrong(`/providers/${index}/poll: the longest pause, ${ceilingMs} ms, is below the first, ${floorMs} ms.`);
    const settings = adapter.settings.safeParse(config.settings);
    if (!settings.success) throw wrong(`/providers/${index}/settings/${settings.error.issues[0]?.path.join('/') ?? ''}: ${settings.error.issues[0]?.message ?? 'is wrong'}.`);
    return { ...config, baseUrl: config.baseUrl ?? adapter.defaultBaseUrl, balanced: file.routing?.balanced, waiting: file.waiting };
  });
}

/** "env:NAME" is read from the environment, wherever a text stands. */
function resolveReferences(value: unknown, variables: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof value === 'string' && value.startsWith('env:')) {
    const name = value.slice(4);
    const found = variables[name];
    if (found === undefined || found === '') throw new Error(`the variable ${name}, which the file refers to, is not set.`);
    return found;
  }
  if (Array.isArray(value)) return value.map((entry) => resolveReferences(entry, variables));
  if (typeof value !== 'object' || value === null) return value;
  // An account that is not in use on this machine may leave its webhook secret unset.
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, name === 'webhookSecret' && typeof entry === 'string' && entry.startsWith('env:') && !variables[entry.slice(4)] ? null : resolveReferences(entry, variables)]),
  );
}
