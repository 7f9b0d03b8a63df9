import { getMetadataStorage, type MetadataStorage } from 'class-validator';
import { nestedAt, type Shape } from './fields.js';

type Rule = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];

/** True where a value is sound for sure. */
type Check = (value: unknown, object: object) => boolean;

interface Field {
  readonly name: string;
  /** Whether it is to be checked at all: it is not where it was left out and may be. */
  readonly applies: readonly Check[];
  readonly checks: readonly Check[];
}

const known = new Map<Shape, readonly Field[] | null>();

/**
 * Whether a body is without fault for sure, by the rules that class-validator has for its class, asked here one after the other: nearly all bodies are, and
 * finding every fault in every one costs more than all the rest of reading them. False says nothing: class-validator looks again, and finds the words.
 */
export function isSoundBody(shape: Shape, value: unknown): boolean {
  const fields = fieldsOf(shape);
  if (fields === null || typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const body = value as Readonly<Record<string, unknown>>;
  let there = 0;
  for (const { name, applies, checks } of fields) {
    const field = Object.hasOwn(body, name) ? body[name] : undefined;
    if (field !== undefined) there += 1;
    if (applies.every((check) => check(field, body)) && !checks.every((check) => check(field, body))) return false;
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
  const applies: Check[] = [];
  const checks: Check[] = [];
  for (const rule of rules) {
    if (rule.validateIf !== undefined || rule.groups?.length > 0) return null;
    if (rule.type === 'conditionalValidation') applies.push((value, object) => Boolean((rule.constraints[0] as (object: object, value: unknown) => unknown)(object, value)));
    else if (rule.type === 'nestedValidation') {
      const nested = nestedAt(shape, name);
      if (nested === null) return null;
      checks.push(rule.each ? (value) => Array.isArray(value) && value.every((entry) => isSoundBody(nested, entry)) : (value) => value === undefined || isSoundBody(nested, value));
    } else if (rule.type === 'customValidation' && !rule.each) {
      for (const { async, instance } of storage.getTargetValidatorConstraints(rule.constraintCls)) {
        if (async) return null;
        checks.push((value, object) => instance.validate(value, { value, object, property: name, targetName: shape.name, constraints: rule.constraints }) === true);
      }
    } else return null;
  }
  return { name, applies, checks };
}
