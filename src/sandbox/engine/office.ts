import { readdir, readFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { requireFonts } from './fonts.js';
import { familyOf, type OfficeFamily } from './office-formats.js';
import { OFFICE_PROFILE } from './office-profile.js';
import { runTool } from './run-tool.js';
import { inScratch } from './scratch.js';
import { Unconvertible } from './unconvertible.js';

/** How LibreOffice is told what to write; where only the extension is said, it chooses as an operator would. */
const WRITE: Readonly<Record<OfficeFamily, Readonly<Record<string, string>>>> = {
  writer: { txt: 'txt:Text (encoded):UTF8', html: 'html:XHTML Writer File:UTF8', docx: 'docx:MS Word 2007 XML', doc: 'doc:MS Word 97' },
  calc: { csv: 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false', html: 'html:HTML (StarCalc)', xlsx: 'xlsx:Calc MS Excel 2007 XML' },
  impress: { pptx: 'pptx:Impress MS PowerPoint 2007 XML' },
};

/** And what to read: texts have no magic bytes, and a page would be opened in a program of its own. */
const READ = new Map([
  ['txt', 'Text (encoded):UTF8'],
  ['html', 'HTML (StarWriter)'],
  ['csv', 'Text - txt - csv (StarCalc):44,34,76,1'],
]);

/**
 * An office document, or a text, in another format by LibreOffice, in a profile of its own: macros do not run, links to other files and hosts are not
 * followed. Throws `unsupported` where LibreOffice is not installed or takes too long, `corrupt_input` where it makes nothing of the file.
 */
export async function convertOffice(bytes: Buffer, from: string, to: string): Promise<Buffer> {
  const family = familyOf(from);
  if (family === null) throw new Unconvertible('unsupported', `"${from}" files are no office documents.`);
  if (to === 'pdf') await requireFonts();
  return inScratch(async (folder) => {
    const [profile, out, source] = [join(folder, 'profile'), join(folder, 'out'), join(folder, `source.${from}`)];
    await mkdir(join(profile, 'user'), { recursive: true });
    await writeFile(join(profile, 'user', 'registrymodifications.xcu'), OFFICE_PROFILE);
    await mkdir(out);
    await writeFile(source, bytes);
    const filter = READ.get(from);
    const run = await runTool('soffice', [
      `-env:UserInstallation=${pathToFileURL(profile).href}`,
      ...['--headless', '--norestore', '--nolockcheck', '--nodefault'],
      ...(filter === undefined ? [] : [`--infilter=${filter}`]),
      ...['--convert-to', WRITE[family][to] ?? to, '--outdir', out, source],
    ], { folder });
    const [made] = (await readdir(out)).filter((name) => name.endsWith(`.${to}`));
    if (made === undefined || run.code !== 0) throw new Unconvertible('corrupt_input', `The ${from} file cannot be read.`);
    return readFile(join(out, made));
  });
}
