import { DEFAULT_ATTEMPTS, DEFAULT_DEADLINE_SECONDS } from '../conversion/read-job.js';
import type { Strategy } from '../conversion/job-graph.js';
import type { Decision } from '../routing/decision-record.js';
import { decideRoute } from '../routing/decision.js';
import { exclusionsOf } from '../routing/filters.js';
import { groundedBy, roundsOf, without } from '../routing/outages.js';
import { sizeClass } from '../routing/learned-work.js';
import type { PlanStep } from '../routing/plan-step.js';
import type { Outage } from '../routing/standing.js';
import { chance } from './chance.js';
import { Decisions, type Drawn } from './decisions.js';
import { Knowledge } from './knowledge.js';
import { wishOf, type Outcome, type SimulatedJob, type World } from './world.js';

const ROUTING = { prefer: [], maxAttempts: DEFAULT_ATTEMPTS, deadlineSeconds: DEFAULT_DEADLINE_SECONDS };

/** Whoever sends the jobs somewhere. Providers are told by their place. */
export interface Gateway {
  readonly name: string;
  /** Null: there is nobody. */
  choose(job: SimulatedJob, tried: readonly string[], now: number): number | null;
  /** Where the attempt begins that was planned there: what stood well then may be out by now. */
  begin(job: SimulatedJob, planned: number, tried: readonly string[], now: number): number;
  ended(job: SimulatedJob, provider: number, outcome: Outcome, now: number): void;
}

/** The product's own decisions, with what it would know by then. */
export function strategist(strategy: Strategy, { providers, currency }: World, seed: number): Gateway {
  const knowledge = new Knowledge(providers);
  const decisions = new Decisions();
  const places = new Map(providers.map(({ id }, place) => [id, place]));
  const steps = new Map<string, PlanStep>();
  const stepOf = (job: SimulatedJob): PlanStep => {
    const key = kindOf(job);
    const step = steps.get(key) ?? toStep(job);
    steps.set(key, step);
    return step;
  };

  const decide = (job: SimulatedJob, tried: readonly string[], net: boolean): number | null => {
    const step = stepOf(job);
    const luck = (word: string): number => chance(seed, 'draw', job.number, word);
    const outages = knowledge.outages(job.operation);
    const exclusions = providers.flatMap(({ id }) => exclusionsOf({ id, regions: [], routing: { only: [], exclude: [], regions: [] }, quoted: undefined, tried }));
    const route = (): Drawn => {
      const words: string[] = [];
      const draw = (word: string): number => {
        words.push(word);
        return luck(word);
      };
      const decided = (out: readonly Outage[]): Decision => {
        const { whole, parts } = groundedBy(out, [job.operation]);
        return decideRoute({ steps: [step], candidates: knowledge.candidates.map((one) => without(parts, one)), exclusions: [...exclusions, ...whole], routing: { strategy, ...ROUTING }, currency, draw }).decision;
      };
      let decision = decided(outages);
      for (const out of roundsOf(outages, net)) {
        if (decision.winner !== null) break;
        decision = decided(out);
      }
      return { place: decision.winner === null ? null : (places.get(decision.winner) ?? null), exploration: decision.exploration === true, words };
    };
    // Who is out for now, and for how long, is another matter every second.
    return outages.length > 0 ? route().place : decisions.get(`${kindOf(job)} ${tried.join()} ${knowledge.state(wishOf(job))}`, luck, route);
  };

  return {
    name: strategy,
    choose: (job, tried, now) => {
      knowledge.at(now);
      return decide(job, tried, true);
    },
    begin: (job, planned, tried, now) => {
      knowledge.at(now);
      let place = planned;
      const left = new Set(tried);
      for (let provider = providers[place]; provider !== undefined && !knowledge.admits(place, job); provider = providers[place]) {
        left.add(provider.id);
        const other = decide(job, [...left], false);
        if (other === null) break;
        place = other;
      }
      knowledge.begins(job);
      return place;
    },
    ended: (job, provider, outcome, now) => {
      knowledge.at(now);
      knowledge.ends(provider, job, outcome);
    },
  };
}

/** Nothing is known, and nothing learned: one after the other in turn, or always from the first on. After a failure the next one has its turn. */
export function naive(name: 'round-robin' | 'fixed-first', { providers }: World): Gateway {
  let turn = 0;
  return {
    name,
    choose: (job, tried) => {
      const first = name === 'round-robin' && tried.length === 0 ? (turn += 1) : turn;
      const order = providers.map((_, index) => (first + index) % providers.length);
      return order.find((place) => providers[place]?.offers(job) === true && !tried.includes(providers[place].id)) ?? null;
    },
    begin: (_job, planned) => planned,
    ended: () => undefined,
  };
}

const kindOf = ({ operation, from, to, bytes }: SimulatedJob): string => `${operation} ${from ?? ''} ${to ?? ''} ${sizeClass(bytes)}`;

function toStep(job: SimulatedJob): PlanStep {
  return { id: 'step', inputs: ['file'], wishes: [wishOf(job)], files: [], exports: [], consumed: false };
}
