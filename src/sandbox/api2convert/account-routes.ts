import type { FastifyInstance } from 'fastify';
import { Refusal } from '../refusal.js';
import { CATALOGUE } from './catalogue.js';
import { requireAccount, type Api2convert } from './context.js';
import { listed } from './job-routes.js';
import { STATUSES } from './statuses.js';

const PAGE = 50;
const PERIODS = { day: /^\d{4}-\d{2}-\d{2}$/, month: /^\d{4}-\d{2}$/, year: /^\d{4}$/ } as const;

/** What belongs to no job: `/statuses` and `/conversions` (no key needed), `/contracts`, `/stats`. */
export function registerAccountRoutes(app: FastifyInstance, { shared, credits }: Api2convert): void {
  app.get('/statuses', async () => STATUSES);

  app.get('/conversions', { config: { call: 'catalogue' } }, async (request, reply) => {
    const { category, target, page } = request.query as { category?: string; target?: string; page?: string };
    const entries = CATALOGUE.filter((entry) => (!category || entry.category === category) && (!target || entry.target === target));
    const from = (Math.max(1, Number(page) || 1) - 1) * PAGE;
    listed(reply, entries);
    return entries.slice(from, from + PAGE);
  });

  app.get('/contracts', { config: { call: 'account' } }, async (request) => {
    const left = Math.max(0, credits - shared.ledger.creditsOf('api2convert', requireAccount(request)));
    const contract = { contract_type: 'prepaid', contract_creation_date: '2016-02-02 10:52:36', credits_bought: credits, credits_remaining: left };
    return { contracts: [contract], credits_remaining: left };
  });

  for (const [unit, shape] of Object.entries(PERIODS)) {
    app.get(`/stats/${unit}/:period/:filter`, { config: { call: 'account' } }, async (request) => {
      const key = requireAccount(request);
      const { period, filter } = request.params as { period: string; filter: string };
      if (!shape.test(period) || (filter !== 'single' && filter !== 'all')) throw new Refusal(400, 'Invalid input', 6);
      const jobs = shared.ledger.jobsOf('api2convert', key).filter((job) => job.createdAt.startsWith(period));
      return [{ date: period, jobs: jobs.length, credits: jobs.reduce((sum, job) => sum + job.credits, 0) }];
    });
  }
}
