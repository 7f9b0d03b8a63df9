import type { FastifyInstance } from 'fastify';
import { Refusal } from '../refusal.js';
import { contractsView } from './accounts.js';
import { CATALOGUE } from './catalogue.js';
import { requireAccount, type Api2convert } from './context.js';
import { listed } from './job-routes.js';
import { STATUSES } from './statuses.js';
import { PERIODS, usageOf, type Unit } from './usage.js';

const PAGE = 50;

/** What belongs to no job: `/statuses` and `/conversions` (no key needed), `/contracts`, `/stats`. */
export function registerAccountRoutes(app: FastifyInstance, { shared, credits }: Api2convert): void {
  app.get('/statuses', { config: { call: 'catalogue' } }, async () => STATUSES);

  app.get('/conversions', { config: { call: 'catalogue' } }, async (request, reply) => {
    const { category, target, page } = request.query as { category?: string; target?: string; page?: string };
    const entries = CATALOGUE.filter((entry) => (!category || entry.category === category) && (!target || entry.target === target));
    const from = (Math.max(1, Number(page) || 1) - 1) * PAGE;
    listed(reply, entries);
    return entries.slice(from, from + PAGE);
  });

  app.get('/contracts', { config: { call: 'account' } }, async (request, reply) => {
    const contracts = contractsView(requireAccount(request), credits, shared.ledger);
    return contracts ?? reply.code(204).send();
  });

  // An account has one key here, so `single` and `all` agree; the old client libraries name neither.
  app.get('/stats/:unit/:period/:filter?', { config: { call: 'account' } }, async (request) => {
    const key = requireAccount(request);
    const { unit, period, filter } = request.params as { unit: string; period: string; filter?: string };
    if (!isUnit(unit)) throw new Refusal(404, 'Not found');
    if (!PERIODS[unit].test(period) || !['single', 'all'].includes(filter ?? 'all')) throw new Refusal(400, 'Invalid input', 6);
    return usageOf(shared.ledger.jobsOf('api2convert', key), unit, period);
  });
}

function isUnit(word: string): word is Unit {
  return Object.hasOwn(PERIODS, word);
}
