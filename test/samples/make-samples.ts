// Draws the sample files beside it: `node test/samples/make-samples.ts`. The same every time.
import { writeFile } from 'node:fs/promises';
import { PDFDocument, type PDFFont, type PDFPage, rgb, StandardFonts } from '@cantoo/pdf-lib';
import sharp from 'sharp';

const WIDTH = 1200;
const HEIGHT = 800;

/** Numbers in [0, 1), the same row for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const times = (count: number, draw: (index: number) => string): string => Array.from({ length: count }, (_, index) => draw(index)).join('');

function gradient(id: string, stops: readonly (readonly [number, string])[]): string {
  const marks = stops.map(([offset, colour]) => `<stop offset="${offset}" stop-color="${colour}"/>`).join('');
  return `<linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1">${marks}</linearGradient>`;
}

const sheet = (content: string): string => `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">${content}</svg>`;

function gull(x: number, y: number, span: number): string {
  return `<path d="M${x - span} ${y - span * 0.3} Q${x - span * 0.4} ${y - span * 0.6} ${x} ${y} Q${x + span * 0.4} ${y - span * 0.6} ${x + span} ${y - span * 0.3}" fill="none" stroke="#3b3a55" stroke-width="2.5" stroke-linecap="round"/>`;
}

function lighthouse(): string {
  const random = randomFrom(7);
  const stars = times(60, () => `<circle cx="${random() * WIDTH}" cy="${random() * 230}" r="${0.6 + random() * 1.1}" fill="#fff" opacity="${0.25 + random() * 0.5}"/>`);
  const glints = times(150, () => {
    const depth = random();
    const x = 380 + (random() - 0.5) * (140 + depth * 620);
    return `<rect x="${x}" y="${535 + depth * 260}" width="${10 + depth * 50}" height="${1 + depth * 2.4}" rx="1" fill="#ffe2b0" opacity="${0.1 + random() * 0.35}"/>`;
  });
  const swell = times(9, (row) => {
    const y = 550 + row * row * 3.4;
    return `<path d="M0 ${y} ${times(12, (n) => `q50 ${n % 2 ? 6 : -6} 100 0 `)}" fill="none" stroke="#16304f" stroke-width="${1.5 + row * 0.5}" opacity="0.22"/>`;
  });
  const cloud = (x: number, y: number, size: number, colour: string): string =>
    `<g fill="${colour}" filter="url(#soft)"><ellipse cx="${x}" cy="${y}" rx="${size * 2.4}" ry="${size * 0.28}"/><ellipse cx="${x - size * 0.6}" cy="${y - size * 0.2}" rx="${size}" ry="${size * 0.3}"/><ellipse cx="${x + size * 0.7}" cy="${y - size * 0.12}" rx="${size * 0.9}" ry="${size * 0.24}"/></g>`;
  const grass = times(90, () => {
    const x = 700 + random() * 500;
    const y = 566 - (x - 700) * 0.1 + random() * 10;
    return `<path d="M${x} ${y} q${random() * 6 - 3} -8 ${random() * 8 - 4} ${-8 - random() * 8}" stroke="#5d6d3a" stroke-width="1.6" fill="none"/>`;
  });
  const tower =
    '<clipPath id="tower"><path d="M868 528 L884 240 L956 240 L972 528 Z"/></clipPath><g clip-path="url(#tower)"><rect x="860" y="230" width="120" height="310" fill="#f6eee2"/>' +
    '<rect x="860" y="282" width="120" height="58" fill="#c8402f"/><rect x="860" y="398" width="120" height="62" fill="#c8402f"/><rect x="928" y="230" width="60" height="310" fill="#2b2440" opacity="0.22"/><rect x="860" y="230" width="30" height="310" fill="#ffd9a0" opacity="0.25"/></g>' +
    '<rect x="911" y="300" width="18" height="26" rx="9" fill="#4b3550"/><rect x="911" y="416" width="18" height="26" rx="9" fill="#4b3550"/><path d="M906 528 v-32 a14 14 0 0 1 28 0 v32 z" fill="#4b3550"/>' +
    '<rect x="870" y="230" width="100" height="12" rx="3" fill="#33304a"/><g stroke="#33304a" stroke-width="3"><path d="M874 212 H966"/>' +
    times(9, (n) => `<path d="M${876 + n * 11} 212 V232"/>`) +
    '</g><rect x="892" y="182" width="56" height="48" fill="#ffe9a8"/><g stroke="#33304a" stroke-width="3"><path d="M892 182 V230 M910 182 V230 M930 182 V230 M948 182 V230"/></g><path d="M884 184 Q920 128 956 184 Z" fill="#b5362a"/><circle cx="920" cy="148" r="6" fill="#33304a"/><path d="M920 146 V124" stroke="#33304a" stroke-width="3"/>';
  const cottage =
    '<rect x="1012" y="462" width="124" height="62" fill="#efe3cf"/><rect x="1096" y="462" width="40" height="62" fill="#2b2440" opacity="0.14"/><path d="M1000 464 L1030 420 H1118 L1148 464 Z" fill="#7a3d3a"/><rect x="1094" y="406" width="16" height="30" fill="#6a4a4a"/><rect x="1028" y="480" width="22" height="20" fill="#ffd36e"/><rect x="1098" y="480" width="22" height="20" fill="#ffd36e"/><rect x="1064" y="482" width="22" height="42" fill="#5a3a3c"/>';
  const rocks =
    '<path d="M560 800 L600 690 L650 640 L690 590 L740 560 L820 536 L900 524 L1040 516 L1200 512 V800 Z" fill="#4a4152"/><path d="M700 588 L744 560 L820 536 L900 524 L1040 516 L1200 512 V556 L1060 560 L930 562 L820 580 Z" fill="#76803f"/>' +
    '<path d="M600 690 L650 640 L690 590 L730 640 L700 720 L640 800 H560 Z" fill="#5d5263"/><path d="M820 580 L930 562 L900 660 L820 760 L760 800 L780 680 Z" fill="#574c5f"/><path d="M1060 560 L1200 556 V660 L1120 740 L1050 660 Z" fill="#554a5d"/><path d="M930 562 L1060 560 L1050 660 L980 720 Z" fill="#3d3547"/>';
  const foam = times(12, (n) => `<ellipse cx="${548 + n * 9 + random() * 20}" cy="${792 - n * 6.6 + random() * 14}" rx="${10 + random() * 18}" ry="${3 + random() * 4}" fill="#fdf1e2" opacity="${0.3 + random() * 0.4}"/>`);
  return sheet(
    `<defs>${gradient('sky', [[0, '#2c3566'], [0.35, '#7d6a9c'], [0.58, '#eb9f86'], [0.72, '#ffd596']])}${gradient('sea', [[0, '#d99a86'], [0.12, '#7b6f94'], [0.5, '#35507a'], [1, '#1b3355']])}` +
      '<radialGradient id="sun"><stop offset="0" stop-color="#fff6d6"/><stop offset="0.18" stop-color="#ffe6a6" stop-opacity="0.9"/><stop offset="1" stop-color="#ffcf86" stop-opacity="0"/></radialGradient><linearGradient id="beam" x1="1" y1="0" x2="0" y2="0"><stop offset="0" stop-color="#fff3c4" stop-opacity="0.75"/><stop offset="1" stop-color="#fff3c4" stop-opacity="0"/></linearGradient><filter id="soft" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="7"/></filter></defs>' +
      `<rect width="1200" height="800" fill="url(#sky)"/>${stars}${cloud(220, 200, 90, '#b98aa8')}${cloud(640, 130, 70, '#8f7aa8')}${cloud(560, 330, 100, '#f3b191')}${cloud(250, 392, 95, '#f8c39a')}${cloud(1030, 300, 62, '#d995a0')}` +
      `<circle cx="380" cy="505" r="250" fill="url(#sun)"/><rect y="530" width="1200" height="270" fill="url(#sea)"/>${swell}${glints}<path d="M0 532 L70 512 L150 504 L230 520 L290 532 Z" fill="#6d5f86"/>` +
      `<path d="M900 206 L-20 90 L-20 262 Z" fill="url(#beam)"/><path d="M236 560 h84 l-16 20 h-54 z" fill="#3a2f4c"/><path d="M274 556 V462 L232 552 Z" fill="#fbe6cf"/><path d="M280 556 V476 L318 552 Z" fill="#f0c9ae"/>` +
      `${rocks}${foam}${grass}${cottage}${tower}<circle cx="920" cy="206" r="70" fill="url(#sun)" opacity="0.9"/>${gull(470, 250, 18)}${gull(520, 280, 13)}${gull(700, 220, 15)}`,
  );
}

function house(x: number, width: number, height: number, wall: string, roof: string): string {
  const top = 520 - height;
  const columns = Math.floor((width - 16) / 34);
  const gap = (width - columns * 18) / (columns + 1);
  const windows = times(Math.floor((height - 58) / 44), (row) =>
    times(columns, (n) => `<g transform="translate(${x + gap + n * (18 + gap)} ${top + 16 + row * 44})"><rect x="-3" y="-3" width="24" height="30" fill="#fff" opacity="0.85"/><rect width="18" height="24" fill="#46607c"/><path d="M9 0 V24 M0 12 H18" stroke="#fff" stroke-width="2"/></g>`),
  );
  const door = `<rect x="${x + width / 2 - 11}" y="482" width="22" height="38" rx="2" fill="#5b3b34"/>`;
  return `<rect x="${x}" y="${top}" width="${width}" height="${height}" fill="${wall}"/><rect x="${x + width - 8}" y="${top}" width="8" height="${height}" opacity="0.12"/><path d="M${x - 4} ${top} L${x + width / 2} ${top - 46} L${x + width + 4} ${top} Z" fill="${roof}"/>${windows}${door}`;
}

function sailboat(x: number, y: number, scale: number, hull: string, sail: string): string {
  return (
    `<g transform="translate(${x} ${y}) scale(${scale})"><path d="M-70 0 H74 L54 26 H-52 Z" fill="${hull}"/><path d="M-66 6 H70" stroke="#fff" stroke-width="3"/><rect x="-24" y="-14" width="48" height="14" rx="3" fill="#f4ead9"/>` +
    `<path d="M4 -10 V-190" stroke="#6b4a36" stroke-width="5"/><path d="M10 -184 Q60 -90 66 -20 H10 Z" fill="${sail}"/><path d="M-2 -172 Q-20 -80 -58 -16 H-2 Z" fill="#fffaf0"/><g opacity="0.28" transform="scale(1 -0.55) translate(0 -52)"><path d="M-70 0 H74 L54 26 H-52 Z" fill="${hull}"/><path d="M10 -184 Q60 -90 66 -20 H10 Z" fill="${sail}"/><path d="M-2 -172 Q-20 -80 -58 -16 H-2 Z" fill="#fffaf0"/></g></g>`
  );
}

function harbour(): string {
  const random = randomFrom(21);
  const walls = ['#e8b04a', '#d9694f', '#f1e3c6', '#6fa3a8', '#e59a8c', '#8fb07a', '#f0c766', '#c95f5f', '#7f9fc4', '#efe0cf', '#d98a4e'];
  const roofs = ['#8a4b3c', '#6f4a4a', '#9c5640'];
  let x = 40;
  const row = walls.map((wall, index) => {
    const width = 84 + Math.floor(random() * 30);
    const drawn = house(x, width, 120 + Math.floor(random() * 3) * 44, wall, roofs[index % 3] ?? '#8a4b3c');
    x += width + 2;
    return drawn;
  }).join('');
  const ripples = times(230, () => {
    const depth = random();
    return `<rect x="${random() * 1240 - 40}" y="${562 + depth * 236}" width="${16 + depth * 70}" height="${1 + depth * 2.2}" rx="1" fill="${random() > 0.4 ? '#e9fbff' : '#1d5a75'}" opacity="${0.12 + random() * 0.26}"/>`;
  });
  const cloud = (cx: number, cy: number, size: number): string => `<g fill="#fff" opacity="0.85" filter="url(#soft)"><ellipse cx="${cx}" cy="${cy}" rx="${size * 1.9}" ry="${size * 0.4}"/><circle cx="${cx - size * 0.5}" cy="${cy - size * 0.3}" r="${size * 0.5}"/><circle cx="${cx + size * 0.3}" cy="${cy - size * 0.45}" r="${size * 0.62}"/></g>`;
  return sheet(
    `<defs>${gradient('sky', [[0, '#5fa8d8'], [0.6, '#cfe9f2'], [1, '#fdf0d8']])}${gradient('water', [[0, '#6fb6c4'], [0.4, '#3c8aa6'], [1, '#1d5a78']])}<filter id="soft" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="5"/></filter><filter id="ripple"><feTurbulence type="fractalNoise" baseFrequency="0.004 0.06" numOctaves="2" seed="3"/><feDisplacementMap in="SourceGraphic" scale="26"/></filter></defs>` +
      `<rect width="1200" height="560" fill="url(#sky)"/><circle cx="1010" cy="120" r="52" fill="#fff3c2"/>${cloud(240, 130, 70)}${cloud(640, 90, 54)}${cloud(900, 210, 46)}` +
      `<path d="M0 420 Q180 250 380 350 T760 300 T1200 380 V540 H0 Z" fill="#9dbfae"/><path d="M0 470 Q240 330 520 430 T1200 420 V540 H0 Z" fill="#7ba487"/>` +
      `<rect y="548" width="1200" height="252" fill="url(#water)"/><g opacity="0.4" filter="url(#ripple)" transform="translate(0 1090) scale(1 -1)">${row}</g>` +
      `${row}<rect y="520" width="1200" height="30" fill="#b9a78d"/><rect y="520" width="1200" height="7" fill="#d8c9ae"/><rect y="546" width="1200" height="10" fill="#5f564b"/>${ripples}` +
      `${sailboat(250, 640, 0.95, '#b8433a', '#fff1d8')}${sailboat(905, 622, 0.75, '#2f5d7c', '#f6c35b')}${sailboat(600, 706, 1.3, '#f5efe2', '#d9593f')}${gull(420, 190, 17)}${gull(470, 165, 12)}${gull(760, 230, 14)}`,
  );
}

/** A scene as JPEG with a little film grain. */
async function photograph(svg: string, seed: number): Promise<Buffer> {
  const random = randomFrom(seed);
  const scene = await sharp(Buffer.from(svg)).flatten().removeAlpha().raw().toBuffer();
  for (let at = 0; at < scene.length; at += 3) {
    const grain = (random() + random() + random() - 1.5) * 7;
    for (let channel = at; channel < at + 3; channel += 1) scene[channel] = Math.max(0, Math.min(255, Math.round((scene[channel] ?? 0) + grain)));
  }
  return sharp(scene, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } }).jpeg({ quality: 80 }).toBuffer();
}

interface Fonts {
  readonly regular: PDFFont;
  readonly bold: PDFFont;
}

async function newPdf(title: string): Promise<{ pdf: PDFDocument; fonts: Fonts }> {
  const pdf = await PDFDocument.create({ updateMetadata: false });
  pdf.setTitle(title);
  pdf.setAuthor('Lantern & Sons Ltd');
  pdf.setCreationDate(new Date('2025-03-14T09:00:00Z'));
  return { pdf, fonts: { regular: await pdf.embedFont(StandardFonts.Helvetica), bold: await pdf.embedFont(StandardFonts.HelveticaBold) } };
}

const NAVY = rgb(0.11, 0.2, 0.36);
const GREY = rgb(0.4, 0.42, 0.46);

function right(page: PDFPage, text: string, edge: number, y: number, size: number, font: PDFFont): void {
  page.drawText(text, { x: edge - font.widthOfTextAtSize(text, size), y, size, font });
}

async function invoice(): Promise<Uint8Array> {
  const { pdf, fonts } = await newPdf('Invoice 2025-0042');
  const { regular, bold } = fonts;
  const page = pdf.addPage([595.28, 841.89]);
  page.drawRectangle({ x: 0, y: 752, width: 596, height: 90, color: NAVY });
  page.drawText('Lantern & Sons Ltd', { x: 50, y: 798, size: 20, font: bold, color: rgb(1, 1, 1) });
  page.drawText('Ship chandlers since 1911', { x: 50, y: 778, size: 10, font: regular, color: rgb(0.8, 0.86, 0.94) });
  page.drawText('INVOICE', { x: 440, y: 786, size: 26, font: bold, color: rgb(1, 1, 1) });
  ['Bill to', 'Harbour Office', '3 Quay Street', 'Port Ellery'].forEach((line, n) =>
    page.drawText(line, { x: 50, y: 712 - n * 16, size: 11, font: n === 0 ? bold : regular, color: n === 0 ? GREY : undefined }),
  );
  [['Invoice', '2025-0042'], ['Date', '14 March 2025'], ['Due', '13 April 2025']].forEach(([label = '', value = ''], n) => {
    page.drawText(label, { x: 380, y: 712 - n * 16, size: 11, font: bold, color: GREY });
    right(page, value, 545, 712 - n * 16, 11, regular);
  });
  page.drawRectangle({ x: 50, y: 612, width: 495, height: 24, color: rgb(0.92, 0.94, 0.97) });
  page.drawText('Description', { x: 58, y: 620, size: 10, font: bold });
  for (const [label, edge] of [['Quantity', 370], ['Unit price', 455], ['Amount', 537]] as const) right(page, label, edge, 620, 10, bold);
  const items = [['Manila rope, 24 mm, per metre', 120, 4.2], ['Brass lantern, storm pattern', 6, 86.5], ['Lamp oil, 20 litres', 8, 41], ['Signal flags, full set', 1, 148.75]] as const;
  items.forEach(([name, quantity, price], n) => {
    const y = 590 - n * 26;
    page.drawText(name, { x: 58, y, size: 11, font: regular });
    right(page, String(quantity), 370, y, 11, regular);
    right(page, price.toFixed(2), 455, y, 11, regular);
    right(page, (quantity * price).toFixed(2), 537, y, 11, regular);
    page.drawLine({ start: { x: 50, y: y - 9 }, end: { x: 545, y: y - 9 }, thickness: 0.5, color: rgb(0.82, 0.84, 0.88) });
  });
  const net = items.reduce((sum, [, quantity, price]) => sum + quantity * price, 0);
  [['Net', net], ['VAT 20 %', net * 0.2]].forEach(([label = '', value], n) => {
    right(page, String(label), 455, 470 - n * 18, 11, regular);
    right(page, Number(value).toFixed(2), 537, 470 - n * 18, 11, regular);
  });
  page.drawRectangle({ x: 370, y: 418, width: 175, height: 26, color: NAVY });
  page.drawText('Total GBP', { x: 380, y: 426, size: 12, font: bold, color: rgb(1, 1, 1) });
  const total = (net * 1.2).toFixed(2);
  page.drawText(total, { x: 537 - bold.widthOfTextAtSize(total, 12), y: 426, size: 12, font: bold, color: rgb(1, 1, 1) });
  page.drawText('Payable within 30 days. Please name the invoice number with your payment.', { x: 50, y: 370, size: 10, font: regular, color: GREY });
  page.drawText('A sample document: names, figures and goods are made up.', { x: 50, y: 50, size: 9, font: regular, color: GREY });
  return pdf.save();
}

const CLAUSES: readonly (readonly [string, readonly string[]])[] = [
  ['Orders', ['An order binds both sides once it is confirmed in writing.', 'Changes after that are agreed in writing as well.']],
  ['Prices', ['Prices are in pounds sterling, without value added tax.', 'They hold for thirty days from the date of the offer.']],
  ['Delivery', ['Goods are delivered to the quay named in the order.', 'A delay by weather or tide is told at once and is nobody\u2019s fault.']],
  ['Risk', ['The risk passes when the goods stand on the quay.', 'Rope is measured dry; lanterns are lit once before they leave.']],
  ['Payment', ['Invoices fall due after thirty days.', 'Late payments bear interest at the legal rate.']],
  ['Returns', ['Unused goods may come back within fourteen days.', 'Cut rope stays with the buyer.']],
];

async function terms(): Promise<Uint8Array> {
  const { pdf, fonts } = await newPdf('Terms of sale');
  [0, 1].forEach((index) => {
    const page = pdf.addPage([595.28, 841.89]);
    page.drawText(index === 0 ? 'Terms of sale' : 'Terms of sale, continued', { x: 60, y: 760, size: index === 0 ? 24 : 16, font: fonts.bold, color: NAVY });
    CLAUSES.slice(index * 3, index * 3 + 3).forEach(([title, lines], n) => {
      page.drawText(`${index * 3 + n + 1}. ${title}`, { x: 60, y: 710 - n * 90, size: 14, font: fonts.bold });
      lines.forEach((line, row) => page.drawText(line, { x: 60, y: 688 - n * 90 - row * 17, size: 11, font: fonts.regular }));
    });
    page.drawText(`Page ${index + 1} of 2`, { x: 490, y: 50, size: 9, font: fonts.regular, color: GREY });
  });
  return pdf.save();
}

const NOTES = `Notes from the harbour office

Tuesday. Wind south-west, four to five. The lamp was lit at 18:40.
The sloop "Mar\u00eda" came in with the evening tide and lies at berth 3.

To do:
- order rope (24 mm, 120 m)
- paint the north door
- ask about the caf\u00e9's broken window, \u00a340 at most
`;

const here = (name: string): URL => new URL(name, import.meta.url);
await writeFile(here('lighthouse.jpg'), await photograph(lighthouse(), 5));
await writeFile(here('harbour.jpg'), await photograph(harbour(), 9));
await writeFile(here('invoice.pdf'), await invoice());
await writeFile(here('terms.pdf'), await terms());
await writeFile(here('notes.txt'), NOTES);
