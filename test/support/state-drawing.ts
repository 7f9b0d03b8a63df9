import type { KnownMachine } from './machines.js';

/** The machines as README.md shows them: a line for each state that something follows, ▸ where a machine begins. */
export function drawAll(machines: readonly KnownMachine[]): string {
  const left = Math.max(...machines.map(({ name }) => name.length)) + 2;
  const state = Math.max(...machines.flatMap(({ states }) => Object.keys(states).map(({ length }) => length)));
  const drawn = machines.flatMap(({ name, states, starts }) =>
    Object.entries(states)
      .filter(([, next]) => next.length > 0)
      .map(([from, next], index) => `${(index === 0 ? name : '').padEnd(left)}${starts.includes(from) ? '▸' : ' '} ${from.padEnd(state)} → ${next.join(', ')}`),
  );
  return ['```text', ...drawn, '```'].join('\n');
}
