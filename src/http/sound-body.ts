import { getMetadataStorage, type MetadataStorage } from 'class-validator';
import { nestedAt, type Shape } from './fields.js';

type Rule = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];

/** True where a value is sound for sure. */
type Check = (value: unknown) => boolean;

interface Field {
  readonly name: string;
  readonly mayBeLeftOut: boolean;
  readonly isSound: Check;
}

const known = new Map<Shape, readonly Field[] | null>();

/** What stands in for the object that a field is of: a rule that looks at the fields beside its own is none of those that are known here. */
class Beside {
  private value: unknown;
  private readonly proxy: object;

  constructor(name: string) {
    this.proxy = new Proxy({}, {
      get: (_, asked) => {
        if (asked !== name) throw new Error('a rule looks at other fields');
        return this.value;
      },
    });
  }

  with(value: unknown): object {
    this.value = value;
    return this.proxy;
  }
}

/**
 * Whether a body is without fault for sure, by the rules that class-validator has for its class, asked here one after the other: nearly all bodies are, and
 * finding every fault in every one costs more than all the rest of reading them. False says nothing: class-validator looks again, and finds the words.
 */
export function isSoundBody(shape: Shape, body: unknown): boolean {
  try {
    return isSound(shape, body);
  } catch {
    return false;
  }
}

function isSound(shape: Shape, value: unknown): boolean {
  const fields = fieldsOf(shape);
  if (fields === null || typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const body = value as Readonly<Record<string, unknown>>;
  let there = 0;
  for (const field of fields) {
    const said = body[field.name];
    if (said === undefined ? !field.mayBeLeftOut : !field.isSound(said)) return false;
    if (said !== undefined) there += 1;
  }
  // No field of JSON is undefined: were one more there than is known, it would be one that there is not.
  return Object.keys(body).length === there;
}

/** Null where a class has a rule of a kind that is not known here. */
function fieldsOf(shape: Shape): readonly Field[] | null {
  const before = known.get(shape);
  if (before !== undefined) return before;
  const storage = getMetadataStorage();
  const rules = storage.getTargetValidationMetadatas(shape, '', false, false);
  const names = [...new Set(rules.map(({ propertyName }) => propertyName))];
  const fields = names.map((name) => fieldOf(shape, name, rules.filter(({ propertyName }) => propertyName === name), storage));
  const whole = fields.length > 0 && fields.every((field) => field !== null) ? fields : null;
  known.set(shape, whole);
  return whole;
}

function fieldOf(shape: Shape, name: string, rules: readonly Rule[], storage: MetadataStorage): Field | null {
  const beside = new Beside(name);
  const applies: Check[] = [];
  const checks: Check[] = [];
  for (const rule of rules) {
    if (rule.validateIf !== undefined || rule.groups?.length > 0) return null;
    if (rule.type === 'conditionalValidation') applies.push((value) => Boolean((rule.constraints[0] as (object: object, value: unknown) => unknown)(beside.with(value), value)));
    else if (rule.type === 'nestedValidation') {
      const nested = nestedAt(shape, name);
      if (nested === null) return null;
      checks.push(rule.each ? (value) => Array.isArray(value) && value.every((entry) => isSound(nested, entry)) : (value) => value === undefined || isSound(nested, value));
    } else if (rule.type === 'customValidation' && !rule.each) {
      for (const { async, instance } of storage.getTargetValidatorConstraints(rule.constraintCls)) {
        if (async) return null;
        checks.push((value) => instance.validate(value, { value, object: beside.with(value), property: name, targetName: shape.name, constraints: rule.constraints }) === true);
      }
    } else return null;
  }
  const isSoundHere: Check = (value) => !applies.every((check) => check(value)) || checks.every((check) => check(value));
  return { name, mayBeLeftOut: isSoundHere(undefined), isSound: isSoundHere };
}
