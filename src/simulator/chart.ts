import type { Replayed } from './replay.js';
import { UNITS, type World } from './world.js';

const WIDTH = 960;
const ROW = 28;
const LEFT = 120;
const RIGHT = 40;
const LINES_HIGH = 280;
const POINTS = 120;
const COLOURS = ['#1f6f8b', '#e07a1f', '#7a4fa3', '#2e8b57', '#b8860b', '#c2416b', '#5f6b6d', '#8c564b', '#3b5bdb'];

/** What each spent, as bars beside the best choice in hindsight; and below how the regret grew with the stream. */
export function chart(world: World, best: Replayed, others: readonly Replayed[]): string {
  const bars = [best, ...others];
  const most = Math.max(...bars.map(({ spent }) => spent), 1);
  const wide = WIDTH - LEFT - RIGHT - 80;
  const rows = bars.map(({ name, spent }, index) => {
    const y = 60 + index * ROW;
    const colour = index === 0 ? '#999999' : colourOf(index - 1);
    return `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${escaped(name)}</text><rect x="${LEFT}" y="${y}" width="${digits((spent / most) * wide)}" height="${ROW - 8}" fill="${colour}"/>`
      + `<text x="${digits(LEFT + (spent / most) * wide + 6)}" y="${y + 15}">${(spent / UNITS).toFixed(2)}</text>`;
  });
  const ends = 60 + bars.length * ROW;
  const mark = digits(LEFT + (best.spent / most) * wide);
  const top = ends + 60;
  const height = top + LINES_HIGH + 50 + 20 * world.events.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="34" font-size="16">Spent on ${world.jobs.length} jobs, ${escaped(world.currency)}</text>`,
    ...rows,
    `<line x1="${mark}" y1="54" x2="${mark}" y2="${ends}" stroke="#333333" stroke-dasharray="4 3"/>`,
    `<text x="${LEFT}" y="${ends + 40}" font-size="16">Regret as the jobs came, ${escaped(world.currency)}</text>`,
    ...lines(world, best, others, top),
    ...world.events.map((event, index) => `<text x="${LEFT}" y="${top + LINES_HIGH + 50 + 20 * index}">${escaped(event)}</text>`),
    '</svg>',
    '',
  ].join('\n');
}

function lines({ jobs }: World, best: Replayed, others: readonly Replayed[], top: number): readonly string[] {
  const [first, last] = [jobs[0]?.at ?? 0, jobs.at(-1)?.at ?? 1];
  const grown = others.map(({ charges }) => {
    let sum = 0;
    const points = [0];
    jobs.forEach(({ number }, index) => {
      sum += (charges[number] ?? 0) - (best.charges[number] ?? 0);
      if ((index + 1) % Math.max(1, Math.ceil(jobs.length / POINTS)) === 0 || index === jobs.length - 1) points.push(index, sum / UNITS);
    });
    return points.slice(1);
  });
  const values = grown.flatMap((points) => points.filter((_, index) => index % 2 === 1));
  const [least, most] = [Math.min(0, ...values), Math.max(1e-8, ...values)];
  const wide = WIDTH - LEFT - RIGHT;
  const x = (index: number): string => digits(LEFT + (((jobs[index]?.at ?? first) - first) / Math.max(1, last - first)) * wide);
  const y = (value: number): string => digits(top + LINES_HIGH - ((value - least) / (most - least)) * LINES_HIGH);
  const drawn = grown.map((points, index) => {
    const path = [`${x(0)},${y(0)}`, ...points.flatMap((place, at) => (at % 2 === 0 ? [`${x(place)},${y(points[at + 1] ?? 0)}`] : []))].join(' ');
    return `<polyline points="${path}" fill="none" stroke="${colourOf(index)}" stroke-width="2"/>`;
  });
  return [
    `<line x1="${LEFT}" y1="${y(0)}" x2="${LEFT + wide}" y2="${y(0)}" stroke="#333333"/>`,
    `<text x="${LEFT - 8}" y="${y(0)}" text-anchor="end">0</text>`, `<text x="${LEFT - 8}" y="${y(most)}" text-anchor="end">${most.toFixed(2)}</text>`,
    `<text x="${LEFT}" y="${top + LINES_HIGH + 20}">${told(first)}</text>`, `<text x="${LEFT + wide}" y="${top + LINES_HIGH + 20}" text-anchor="end">${told(last)}</text>`,
    ...drawn,
  ];
}

const colourOf = (index: number): string => COLOURS[index % COLOURS.length] ?? '#000000';
const digits = (value: number): string => value.toFixed(1);
const told = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
