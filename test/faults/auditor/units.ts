/** Money and credits, exactly: in units of the twelfth digit behind the point. */
export type Units = bigint;

const DIGITS = 12;
/** Vendors count in floating point, and mean eight digits. */
const MEANT = 8;

/** Of a decimal number, as text; what is finer than a unit is an error. */
export function toUnits(text: string): Units {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === '' || /[^0]/.test(fraction.slice(DIGITS))) throw new Error(`${text} is no amount`);
  const units = BigInt(whole + fraction.slice(0, DIGITS).padEnd(DIGITS, '0'));
  return sign === '-' ? -units : units;
}

export const credits = (number: number): Units => toUnits(number.toFixed(MEANT));
