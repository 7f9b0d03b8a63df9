import { tinyPng } from '../../src/doctor-live.js';
import { exitCodeOf, failed, ok, renderCheck, renderJson, renderSummary, warning } from '../../src/doctor-report.js';
import sharp from 'sharp';

const well = ok('database', 'connection', 'PostgreSQL 18.1', { ms: 12.4 });
const odd = warning('vendor', 'balance', 'no credits left', { why: 'Jobs fail.', mend: 'buy credits' });
const bad = failed('vendor', 'key', 'not known to work (unauthorized)', { why: 'HTTP 401.', mend: 'check VENDOR_API_KEY', ms: 12_345 });

describe('the report', () => {
  it('is one line a check: what, why, how to mend it, and how long it took', () => {
    expect(renderCheck(well)).toBe('ok       database connection: PostgreSQL 18.1. [12 ms]');
    expect(renderCheck(odd)).toBe('warning  vendor balance: no credits left. Jobs fail. To mend: buy credits.');
    expect(renderCheck(bad)).toBe('FAILED   vendor key: not known to work (unauthorized). HTTP 401. To mend: check VENDOR_API_KEY. [12 s]');
  });

  it('stays one line, and does nothing to a terminal, whatever a vendor wrote', () => {
    const line = renderCheck(failed('a', 'b', 'x\ny\u001b[31m', { why: 'p\r\nq\u2028r' }));
    expect(line).toBe('FAILED   a b: x y [31m. p q r.');
  });

  it('sums up, and only what failed is no pass', () => {
    expect(renderSummary([well, odd])).toBe('2 checks: 1 ok, 1 warning, 0 FAILED. Ready, with warnings.');
    expect(renderSummary([well, bad, odd, odd])).toMatch(/^4 checks: 1 ok, 2 warnings, 1 FAILED\. Not ready/);
    expect([[well], [well, odd], [well, bad], []].map(exitCodeOf)).toEqual([0, 0, 1, 1]);
  });

  it('says the same as JSON', () => {
    expect(JSON.parse(renderJson([well, odd, bad]))).toEqual({ ready: false, summary: { ok: 1, warnings: 1, failed: 1 }, checks: [well, odd, bad] });
    expect(JSON.parse(renderJson([well]))).toMatchObject({ ready: true });
  });
});

it('the picture that is sent is one', async () => {
  expect(await sharp(tinyPng()).metadata()).toMatchObject({ format: 'png', width: 8, height: 8, channels: 3 });
});
