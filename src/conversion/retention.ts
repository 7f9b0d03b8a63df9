import type { Complaints } from './job-body.js';

export const DEFAULT_RETENTION_SECONDS = 86_400;
const SHORTEST_SECONDS = 60;
const LONGEST_SECONDS = 30 * 86_400;

// ISO 8601 durations without years and months, whose length nobody can tell.
const DURATION = /^P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

export const DEFAULT_RETENTION = 'PT24H';

/** How long results are kept, in seconds, from an ISO 8601 duration such as "PT24H" or "P7D". */
export function readRetention(text: string, complaints: Complaints): number {
  const match = DURATION.exec(text);
  if (match === null) {
    complaints.add('/retention', 'Must be an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as "PT24H" or "P7D".');
    return DEFAULT_RETENTION_SECONDS;
  }
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number];
  const total = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds;
  if (total < SHORTEST_SECONDS || total > LONGEST_SECONDS) complaints.add('/retention', 'Must be from one minute ("PT1M") to thirty days ("P30D").');
  return total;
}
