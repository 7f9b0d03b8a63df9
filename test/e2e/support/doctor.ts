import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Check } from '../../../src/doctor-report.js';

const DOCTOR = fileURLToPath(new URL('../../../dist/doctor.js', import.meta.url));

/** Runs the built doctor with these variables alone; what they leave out is unset. */
export async function run(variables: Record<string, string>, ...flags: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env['PATH'], ...variables };
  const child = spawn(process.execPath, [DOCTOR, ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

/** Outcomes by "area name". */
export async function outcomes(variables: Record<string, string>, ...flags: string[]) {
  const { code, out, err } = await run(variables, '--json', ...flags);
  const { checks } = JSON.parse(out) as { checks: Check[] };
  return { code, out, err, checks, of: Object.fromEntries(checks.map(({ area, name, outcome }) => [`${area} ${name}`, outcome])) };
}
