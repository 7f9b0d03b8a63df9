import { budgetsAgree } from './budgets.ts';
import type { Breach, Check, Evidence } from './evidence.ts';
import { nothingLost } from './lost.ts';
import { moneyAgrees } from './money.ts';
import { monotone } from './monotone.ts';
import { everythingTold } from './told.ts';
import { spendBounded } from './spend.ts';
import { secretsKept } from './secrets.ts';

export type { Breach, Evidence } from './evidence.ts';

const CHECKS: readonly Check[] = [nothingLost, spendBounded, monotone, everythingTold, secretsKept, moneyAgrees, budgetsAgree];

/** Looks through all the evidence; what it finds wrong, in words. */
export async function audit(evidence: Evidence): Promise<readonly Breach[]> {
  return (await Promise.all(CHECKS.map((check) => check(evidence)))).flat();
}
