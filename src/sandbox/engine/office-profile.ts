const SECURITY = '/org.openoffice.Office.Common/Security/Scripting';

/** What a document may not do: run macros, load what it links to, ask anybody. */
const SETTINGS: readonly (readonly [string, string, string])[] = [
  [SECURITY, 'MacroSecurityLevel', '3'],
  [SECURITY, 'DisableMacrosExecution', 'true'],
  [SECURITY, 'BlockUntrustedRefererLinks', 'true'],
  [SECURITY, 'DisableActiveContent', 'true'],
  ['/org.openoffice.Office.Writer/Content/Update', 'Link', '0'],
  ['/org.openoffice.Office.Calc/Content/Update', 'Link', '2'],
  ['/org.openoffice.Office.Common/Misc', 'FirstRun', 'false'],
];

/** `registrymodifications.xcu` of a fresh LibreOffice profile. */
export const OFFICE_PROFILE =
  '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">\n' +
  SETTINGS.map(([path, name, value]) => `<item oor:path="${path}"><prop oor:name="${name}" oor:op="fuse"><value>${value}</value></prop></item>\n`).join('') +
  '</oor:items>\n';
