import { readFileSync } from 'node:fs';

/** `sysconf(_SC_CLK_TCK)`, which Linux shows to every process as 100. */
const TICKS_PER_SECOND = 100;

/** The value that `share` (0 to 1) of the values do not exceed (nearest rank). */
export function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The middle of an odd number of values, the mean of both middles of an even one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}

/** Processor seconds that a process has used since its start, all its threads, in user and kernel; null where there is no /proc. */
export function cpuSeconds(pid: number): number | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the program's name in brackets, and may hold anything; behind it stands the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** What `work` returns, and the microseconds of processor time that `pid` spent on each of its `requests` (NaN where nobody tells). */
export async function withCpu<T>(pid: number, requests: number, work: () => Promise<T>): Promise<{ readonly result: T; readonly cpuMicros: number }> {
  const before = cpuSeconds(pid);
  const result = await work();
  const after = cpuSeconds(pid);
  return { result, cpuMicros: before === null || after === null ? Number.NaN : ((after - before) * 1e6) / requests };
}
