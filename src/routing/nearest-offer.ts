import { categoryOf, knownFormats } from '../conversion/formats.js';
import { nearest } from '../conversion/nearest.js';
import { OPERATIONS } from '../conversion/operations.js';
import type { StepWish } from '../conversion/provider.js';
import type { PlanStep } from './plan-step.js';

type Offers = (wish: StepWish) => boolean;

/** What nobody offers, and the nearest thing to it that somebody does, as a sentence; null where nothing is near. `offers`: whether anybody would do it. */
export function nearestOffer({ wishes }: Pick<PlanStep, 'wishes'>, offers: Offers): string | null {
  const refused = wishes.filter((wish) => !offers(wish));
  const [wish] = refused;
  if (wish === undefined) return null;
  const to = otherTarget(wish, refused, offers);
  if (to !== null) return `Nearest that works: ${said(wish, to)}.`;
  const names = [...OPERATIONS.keys()].filter((operation) => operation !== wish.operation && offers({ ...wish, operation }));
  const meant = nearest(wish.operation, names);
  return meant === null ? null : `Nearest that works: ${said({ ...wish, operation: meant }, targetOf(wish))}.`;
}

/** Another target for all that was refused: of the same kind if there is one, and there its older or newer form (doc, docx), else the most common. */
function otherTarget(wish: StepWish, refused: readonly StepWish[], offers: Offers): string | null {
  const to = targetOf(wish);
  const rule = OPERATIONS.get(wish.operation)?.parameters['to'];
  if (to === null || rule === undefined) return null;
  const works = (target: string): boolean => refused.every((one) => target !== one.from && offers({ ...one, parameters: { ...one.parameters, to: target } }));
  const others = (rule.allowed ?? knownFormats()).filter((target) => target !== to && works(target));
  const alike = others.filter((target) => categoryOf(target) === categoryOf(to));
  const kin = alike.find((target) => target.startsWith(to) || to.startsWith(target));
  return kin ?? alike[0] ?? COMMON.find((target) => others.includes(target)) ?? others[0] ?? null;
}

/** What most people can use, whatever they asked for. */
const COMMON = ['pdf', 'png', 'jpg', 'txt', 'mp4', 'mp3', 'zip'];

function targetOf({ parameters }: StepWish): string | null {
  return typeof parameters['to'] === 'string' ? parameters['to'] : null;
}

function said({ operation, from }: StepWish, to: string | null): string {
  return `"${operation}"${from === null ? '' : ` from ${from}`}${to === null ? '' : ` to ${to}`}`;
}
