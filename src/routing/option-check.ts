import type { OptionsSchema } from '../conversion/catalogue.js';
import { pointerSegment } from '../conversion/job-body.js';
import { nearest } from '../conversion/nearest.js';
import { wrongOptionValue } from '../conversion/option-values.js';
import type { Options } from '../conversion/job-graph.js';
import type { Provider, StepWish } from '../conversion/provider.js';
import type { MappingKind } from '../conversion/unified-options.js';

/** What becomes of one option or parameter of a step at one provider. `refused`: the provider knows it, and not with this value. */
export interface OptionVerdict {
  /** Where it stands in the step: "options", "providerOptions/<adapter>", or "" for a parameter. */
  readonly place: string;
  readonly option: string;
  readonly kind: Exclude<MappingKind, 'exact'> | 'refused';
  readonly message: string;
  /** It is no word of ours, and the provider's catalogue does not have it either. */
  readonly stranger?: boolean;
  /** The provider would do it, but not exactly as asked, and the caller wants it so or not at all. */
  readonly lossy?: boolean;
}

/** Of the option, as a JSON Pointer within the step. */
export function pointerOf({ place, option }: Pick<OptionVerdict, 'place' | 'option'>): string {
  return (place === '' ? [option] : [...place.split('/'), option]).map(pointerSegment).join('');
}

type Translator = Pick<Provider, 'options' | 'adapter'>;

/** Everything about a step's options that is not exactly as asked. `schema` null: what the provider takes there is not known, so nothing can be said against a word of its own. */
export function checkOptions(provider: Translator, schema: OptionsSchema | null, { operation, parameters, options, adapterOptions }: StepWish): readonly OptionVerdict[] {
  const rows = (given: Options, place: string) =>
    Object.entries(given).flatMap(([name, value]) => {
      const row = provider.options.row(operation, name);
      if (row === null) return place === '' ? [] : checkStranger(schema, operation, name, value);
      const loss: readonly OptionVerdict[] = row.kind === 'exact' ? [] : [{ place, option: name, kind: row.kind, message: row.message ?? '' }];
      return [...loss, ...Object.entries(row.say(value)).flatMap(([said, as]) => checkValue(schema, said, as, place, name))];
    });
  const own = adapterOptions?.[provider.adapter] ?? {};
  return [...rows(parameters, ''), ...rows(options, 'options'), ...Object.entries(own).flatMap(([name, value]) => checkValue(schema, name, value, `providerOptions/${provider.adapter}`, name))];
}

/** A word that is none of ours: the provider's, if its catalogue has it. */
function checkStranger(schema: OptionsSchema | null, operation: string, name: string, value: unknown): readonly OptionVerdict[] {
  if (schema === null || schema.additionalProperties || Object.hasOwn(schema.properties, name)) return checkValue(schema, name, value, 'options', name);
  const meant = nearest(name, Object.keys(schema.properties));
  return [{ place: 'options', option: name, kind: 'dropped', stranger: true, message: `"${operation}" has no option "${name}" there${meant === null ? '.' : `; did you mean "${meant}"?`}` }];
}

/** `name`: the vendor's word; `option`: the caller's. */
function checkValue(schema: OptionsSchema | null, name: string, value: unknown, place: string, option: string): readonly OptionVerdict[] {
  const told = schema !== null && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  const wrong = told === undefined ? null : wrongOptionValue(told, value);
  if (wrong === null) return [];
  return [{ place, option, kind: 'refused', message: `"${option}"${name === option ? '' : `, there "${name}",`}: ${wrong}` }];
}
