import { readFileSync } from 'node:fs';
import { Metrics } from '../../src/platform/metrics.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('the README tells of every measure, by its name and its labels, and of no other', async () => {
  const table = README.slice(README.indexOf('| measure | tells |'), README.indexOf('Labels hold ids of configured providers'));
  const told = [...table.matchAll(/`(conversion_[a-z_]+(?:\{[a-z,]+\})?)`/g)].map(([, name]) => name);
  const metrics = new Metrics();
  const known = Object.values(metrics)
    .filter((one): one is { name: string; labelNames: string[] } => typeof one === 'object' && one !== null && 'labelNames' in one)
    .map(({ name, labelNames }) => (labelNames.length === 0 ? name : `${name}{${labelNames.join(',')}}`));
  expect(told.sort()).toEqual(known.sort());
  // The control: these are all that are served.
  const served = [...(await metrics.text()).matchAll(/^# TYPE (conversion_\S+)/gm)].map(([, name]) => name);
  expect(served.sort()).toEqual(known.map((name) => name.replace(/\{.*/, '')).sort());
});
