import { toolPath } from './tools.js';

/** Which of LibreOffice's programs reads a format. */
export type OfficeFamily = 'writer' | 'calc' | 'impress';

const FAMILIES: ReadonlyMap<string, OfficeFamily> = new Map<string, OfficeFamily>([
  ...['docx', 'odt', 'rtf', 'doc'].map((format): [string, OfficeFamily] => [format, 'writer']),
  ...['xlsx', 'ods', 'xls'].map((format): [string, OfficeFamily] => [format, 'calc']),
  ...['pptx', 'odp', 'ppt'].map((format): [string, OfficeFamily] => [format, 'impress']),
]);

const TARGETS: Readonly<Record<OfficeFamily, readonly string[]>> = {
  writer: ['pdf', 'docx', 'odt', 'rtf', 'doc', 'txt', 'html', 'png', 'jpg'],
  calc: ['pdf', 'xlsx', 'ods', 'xls', 'csv', 'html', 'png', 'jpg'],
  impress: ['pdf', 'pptx', 'odp', 'ppt', 'png', 'jpg'],
};

/** What only LibreOffice makes of texts. */
const FROM_TEXT = new Map<string, readonly string[]>([
  ['txt', ['docx', 'odt', 'rtf']],
  ['html', ['docx', 'odt', 'rtf']],
  ['csv', ['xlsx', 'ods']],
]);

export function isOffice(format: string): boolean {
  return FAMILIES.has(format);
}

/** The family that reads `format`; null for formats that are no office documents. Texts are Writer's, tables Calc's. */
export function familyOf(format: string): OfficeFamily | null {
  return FAMILIES.get(format) ?? (format === 'csv' ? 'calc' : FROM_TEXT.has(format) ? 'writer' : null);
}

/** What LibreOffice could make of a file of `from`, whether it is here or not. */
export function officeTargets(from: string): readonly string[] {
  const family = FAMILIES.get(from);
  const targets = family ? TARGETS[family] : (FROM_TEXT.get(from) ?? []);
  return targets.filter((target) => target !== from);
}

export function officeIsHere(): boolean {
  return toolPath('soffice') !== null;
}
