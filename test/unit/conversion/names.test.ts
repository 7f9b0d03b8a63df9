import fc from 'fast-check';
import { baseName, safeFilename } from '../../../src/conversion/filenames.js';
import { canonicalFormat, categoryOf, filenameOfUrl, formatOfFilename, knownFormats, plausiblePair } from '../../../src/conversion/formats.js';
import { Complaints } from '../../../src/conversion/job-body.js';
import { readInputs } from '../../../src/conversion/read-inputs.js';
import { readRetention } from '../../../src/conversion/retention.js';

describe('file names', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.array(fc.constantFrom('/', '\\', '..', '.', ' ', 'a', 'é', '日本', '👩‍👩‍👧', '\u0000', '\r\n', '\u202e', '\ud800', 'con', 'LPT1', '.png', '.tar.gz', ':', '"', '%2f'), { maxLength: 120 }).map((parts) => parts.join('')),
  );

  it('whatever came in, a name goes out: no path, nothing unseen, at most 255 bytes', () => {
    fc.assert(
      fc.property(nasty, (name) => {
        const safe = safeFilename(name);
        expect(safe).not.toMatch(/[/\\<>:"|?*]/);
        expect(safe).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255);
        expect(safe).not.toBe('');
        expect(safe).not.toMatch(/^[\s.]/);
        expect(safe).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
      }),
      { numRuns: 2000 },
    );
  });

  it('made safe once, it is safe: the same name again', () => {
    fc.assert(fc.property(nasty, (name) => expect(safeFilename(safeFilename(name))).toBe(safeFilename(name))), { numRuns: 2000 });
  });

  it('an ordinary name stays as it is', () => {
    fc.assert(fc.property(fc.stringMatching(/^[A-Za-z0-9äöüß][A-Za-z0-9äöüß _-]{0,40}[A-Za-z0-9]\.(?:png|tar\.gz|pdf)$/), (name) => expect(safeFilename(name)).toBe(name.normalize('NFC'))));
  });

  it.each([
    ['C:\\Users\\me\\photo.jpg', 'photo.jpg'],
    ['../../../etc/passwd', 'passwd'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['.htaccess', 'htaccess'],
    ['aux.txt', '_aux.txt'],
    ['a: b?.png', 'a_ b_.png'],
    ['..', 'file'],
    [null, 'file'],
    [undefined, 'file'],
    [`${'ä'.repeat(200)}.tar.gz`, `${'ä'.repeat(124)}.gz`],
  ])('%j becomes %j', (name, expected) => {
    const safe = safeFilename(name);
    if (name === null || name === undefined || name.length < 100) expect(safe).toBe(expected);
    else expect([safe.startsWith('ää'), safe.endsWith('.gz'), Buffer.byteLength(safe) <= 255]).toEqual([true, true, true]);
  });

  it.each([['a.png', 'a'], ['a.tar.gz', 'a'], ['a.b.c', 'a.b'], ['.png', '.png'], ['plain', 'plain']])('%s without its ending is %s', (name, base) => {
    expect(baseName(name)).toBe(base);
  });
});

describe('formats', () => {
  it('a spelling that is no format of its own leads to one that is', () => {
    const others = ['jpeg', 'tif', 'dib', 'htm', 'xht', 'mkd', 'aifc', 'kar', 'm2v', 'qt', '3gpp2', 'tbz', 'bzip2', '7zip', 'stp', 'igs', 'yml'];
    for (const other of others) {
      expect(knownFormats()).not.toContain(other);
      expect(knownFormats()).toContain(canonicalFormat(other));
      expect(formatOfFilename(`a.b.${other.toUpperCase()}`)).toBe(canonicalFormat(other));
    }
    // The control: formats of their own are nobody's spelling.
    expect(knownFormats().filter((format) => canonicalFormat(format) !== format)).toEqual([]);
  });

  it('every known format is its own one spelling, whatever its case and dot', () => {
    for (const format of knownFormats()) {
      expect(canonicalFormat(format)).toBe(format);
      expect(canonicalFormat(` .${format.toUpperCase()} `)).toBe(format);
      expect(categoryOf(format)).not.toBeNull();
      expect(formatOfFilename(`A.B.${format.toUpperCase()}`)).toBe(format);
    }
  });

  it.each([['jpeg', 'jpg'], ['JPG', 'jpg'], ['tif', 'tiff'], ['htm', 'html'], ['tgz', 'tar.gz'], ['yml', 'yaml'], ['mpeg', 'mpg'], ['toString', 'tostring'], ['unheard-of', 'unheard-of']])('%s is %s', (name, format) => {
    expect(canonicalFormat(name)).toBe(format);
  });

  it('a spelling has one meaning, and it is a known one', () => {
    fc.assert(fc.property(fc.string(), (name) => expect(canonicalFormat(canonicalFormat(name))).toBe(canonicalFormat(name))));
    for (const alias of ['jpeg', 'jpe', 'tif', 'htm', 'text', 'tgz', 'tbz2', 'txz', 'aif', 'oga', 'stp', 'igs', 'midi', 'qt', 'm2ts', 'j2k', 'jfif', 'xhtml', 'markdown', 'wave', 'mpe', '3gpp', 'gzip', 'dib', 'yml']) expect(categoryOf(alias)).not.toBeNull();
  });

  it.each([['https://example.com/a/b%20c.PNG?x=1#y', 'b c.PNG'], ['https://example.com/', null], ['https://example.com/%ff', null], ['no address', null]])('the name in %s is %s', (address, name) => {
    expect(filenameOfUrl(address)).toBe(name);
  });

  it.each([['jpg', 'png', true], ['jpg', 'mp3', false], ['mp4', 'gif', true], ['mp3', 'pdf', false], [null, 'png', true], ['unheard-of', 'png', true], ['jpg', 'unheard-of', false], ['zip', 'tar.gz', true]])('%s to %s makes sense: %s', (from, to, sense) => {
    expect(plausiblePair(from, to)).toBe(sense);
  });
});

describe('retention', () => {
  it('reads a duration as its seconds, within its bounds', () => {
    const part = fc.option(fc.integer({ min: 0, max: 400 }), { nil: null });
    let inside = 0;
    fc.assert(
      fc.property(part, part, part, part, part, (weeks, days, hours, minutes, seconds) => {
        const say = (value: number | null, unit: string) => (value === null ? '' : `${value}${unit}`);
        const time = say(hours, 'H') + say(minutes, 'M') + say(seconds, 'S');
        const text = `P${say(weeks, 'W')}${say(days, 'D')}${time === '' ? '' : `T${time}`}`;
        fc.pre(text !== 'P');
        const total = (weeks ?? 0) * 604_800 + (days ?? 0) * 86_400 + (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
        const complaints = new Complaints();
        const read = readRetention(text, complaints);
        const allowed = total >= 60 && total <= 30 * 86_400;
        if (allowed) inside += 1;
        expect(complaints.errors.map(({ pointer }) => pointer)).toEqual(allowed ? [] : ['/retention']);
        if (allowed) expect(read).toBe(total);
      }),
      { numRuns: 500 },
    );
    expect(inside).toBeGreaterThan(5);
  });

  it.each(['', 'P', 'PT', 'P1DT', '24h', 'P1Y', 'P1M', '-P1D', 'PT1.5H', 'p1d', ' P1D', `P${'9'.repeat(400)}D`])('refuses %j', (text) => {
    const complaints = new Complaints();
    readRetention(text, complaints);
    expect(complaints.errors).toHaveLength(1);
  });
});

describe('base64', () => {
  it('in any spelling, the same bytes come out', () => {
    const spellings = [
      (bytes: Buffer) => bytes.toString('base64'),
      (bytes: Buffer) => bytes.toString('base64url'),
      (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, ''),
      (bytes: Buffer) => bytes.toString('base64').replace(/(.{5})/g, '$1\r\n'),
      (bytes: Buffer) => `data:image/png;base64,${bytes.toString('base64')}`,
      (bytes: Buffer) => `data:;charset=x;base64,${bytes.toString('base64')}`,
    ];
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.constantFrom(...spellings), (array, spell) => {
        const bytes = Buffer.from(array);
        const [input] = readInputs([{ type: 'base64', data: spell(bytes) }], ['a'], { checkAddress: () => null, maxUploadBytes: 1000 }, new Complaints());
        expect(input?.type === 'base64' && Buffer.from(input.data, 'base64')).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['data:image/jpeg;base64,AAAA', 'a.jpg'],
    ['data:text/plain;charset=utf-8;base64,AAAA', 'a.txt'],
    ['data:image/svg+xml;base64,AAAA', 'a.svg'],
    ['AAAA', undefined],
  ])('the name of %s is %s', (data, filename) => {
    const [input] = readInputs([{ type: 'base64', data }], ['a'], { checkAddress: () => null, maxUploadBytes: 1000 }, new Complaints());
    expect(input).toMatchObject(filename === undefined ? { type: 'base64' } : { filename });
  });
});
