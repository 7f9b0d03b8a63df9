import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { isSoundBody } from '../../../src/http/sound-body.js';
import type { Shape } from '../../../src/http/fields.js';
import { JOB_EXAMPLES } from '../../../src/jobs/dto/job-examples.js';
import { JobRequestDto } from '../../../src/jobs/dto/job-request.dto.js';
import { ChangeProviderRequest } from '../../../src/routing/provider.dto.js';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const WHOLE: Json = {
  inputs: [{ id: 'photo', type: 'url', url: 'https://example.com/photo.jpg', filename: 'photo.jpg' }, { type: 's3', bucket: 'b', key: 'k', region: 'r', credentials: { accessKeyId: 'a', secretAccessKey: 's' } }, { type: 'sftp', host: 'h', port: 22, path: '/p' }],
  steps: [{ id: 'small', operation: 'compress', inputs: ['photo'], level: 'high' }, { operation: 'thumbnail', to: 'png', width: 10, height: 20, options: { quality: 80, deep: { er: [1, null] } }, providerOptions: { one: { color: 'gray' } } }],
  exports: [{ id: 'bucket', type: 's3', inputs: ['small'], bucket: 'b', region: 'r', key: 'k' }],
  routing: { strategy: 'cheapest', only: ['a'], exclude: [], prefer: [], regions: ['eu'], maxCost: { amount: '0.05', currency: 'USD' }, maxAttempts: 4, deadlineSeconds: 3600, strict: false, quoteId: null },
  webhook: { url: 'https://caller.example/hook', events: ['job.completed'], secret: 'whsec_x' },
  retention: 'PT24H', tag: 'invoice-42', metadata: { order: '42' },
};
const SOUND: readonly (readonly [Shape, Json])[] = [
  ...Object.values(JOB_EXAMPLES).map(({ value }) => [JobRequestDto, value as Json] as const),
  [JobRequestDto, WHOLE],
  [JobRequestDto, { inputs: [], steps: [], webhook: null, tag: null, routing: { maxCost: null } }],
  [ChangeProviderRequest, { state: 'draining', operation: 'ocr' }],
];

const copy = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json;

/** How class-validator finds it, asked as the pipe asks. */
function found(shape: Shape, body: Json): { readonly isSound: boolean; readonly read: unknown } {
  const instance = plainToInstance(shape, copy(body));
  return { isSound: validateSync(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true }).length === 0, read: copy(instance as Json) };
}

/** Every place in a body, the body itself first. */
function places(value: Json, above: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[...above]];
  return [[...above], ...Object.entries(value).flatMap(([name, inside]) => places(inside, [...above, Array.isArray(value) ? Number(name) : name]))];
}

/** The body with something else at one of its places, without it, or with a field more there. */
function changed(body: Json, place: number, how: 'else' | 'without' | 'more', other: Json, name: string): Json {
  const made = copy(body);
  const all = places(made);
  const path = all[place % all.length] ?? [];
  const last = path.at(-1);
  let at = made;
  for (const part of path.slice(0, -1)) at = (at as Record<string | number, Json>)[part] ?? null;
  if (how === 'more') {
    const here = last === undefined ? made : (at as Record<string | number, Json>)[last];
    if (typeof here === 'object' && here !== null && !Array.isArray(here)) here[name] = other;
    return made;
  }
  // A body that is no object never comes here.
  if (last === undefined) return made;
  if (how === 'else') (at as Record<string | number, Json>)[last] = other;
  else if (Array.isArray(at)) at.splice(Number(last), 1);
  else delete (at as Record<string, Json>)[last];
  return made;
}

it.each(SOUND)('%p: what is sound is known to be, and is the same as read', (shape, body) => {
  expect(isSoundBody(shape, body)).toBe(true);
  expect(found(shape, body)).toEqual({ isSound: true, read: body });
});

it('whatever is changed in a sound body: it is sound where class-validator finds nothing, and nowhere else', () => {
  const others = fc.oneof(
    fc.constantFrom<Json[]>(null, true, 0, 1.5, -1, 1e9, '', 'x', 'a b', 'x'.repeat(70), 'x'.repeat(9000), [], [[]], [null], [1], ['x'], {}, { id: 'x' }, { type: 'url' }, { amount: '1', currency: 'USD' }, { operation: 'convert' }),
    // Names of what every object has are refused before bodies come here.
    (fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>).filter((value) => !/__|constructor|toString|toLocale|valueOf|hasOwn|isProto|propertyIs/.test(JSON.stringify(value))),
  );
  const names = fc.constantFrom('id', 'type', 'to', 'url', 'width', 'maxCost', 'credentials', 'nothing', 'length');
  let sound = 0;
  let runs = 0;
  fc.assert(
    fc.property(fc.constantFrom(...SOUND), fc.nat(), fc.constantFrom('else' as const, 'without' as const, 'more' as const), others, names, ([shape, body], place, how, other, name) => {
      const made = changed(body, place, how, other, name);
      const told = found(shape, made);
      runs += 1;
      if (told.isSound) sound += 1;
      expect({ made, isSound: isSoundBody(shape, made) }).toEqual({ made, isSound: told.isSound });
      if (told.isSound) expect(told.read).toEqual(made);
    }),
    { numRuns: 3000 },
  );
  // The control: both were met.
  expect([sound > 200, runs - sound > 200]).toEqual([true, true]);
});
