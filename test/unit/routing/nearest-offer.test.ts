import { categoryOf } from '../../../src/conversion/formats.js';
import type { StepWish } from '../../../src/conversion/provider.js';
import { nearestOffer } from '../../../src/routing/nearest-offer.js';

const wish = (operation: string, from: string | null, to?: string): StepWish => ({ operation, from, parameters: to === undefined ? {} : { to }, options: {} });
const only = (...known: readonly string[]) => ({ operation, from, parameters: { to } }: StepWish) => known.includes([operation, from, to].filter((part) => part !== undefined).join(' '));

describe('the nearest thing that would work', () => {
  it.each<[string, StepWish, (wish: StepWish) => boolean, string | null]>([
    ['an older form of the same', wish('convert', 'pdf', 'docx'), only('convert pdf doc', 'convert pdf txt', 'convert pdf png'), '"convert" from pdf to doc'],
    ['the most common of the same kind', wish('convert', 'mp4', 'gif'), ({ operation, parameters: { to } }) => operation === 'convert' && categoryOf(String(to)) === 'image' && to !== 'gif', '"convert" from mp4 to jpg'],
    ['of another kind what most people can use', wish('convert', 'stl', 'svg'), only('convert stl dxf', 'convert stl pdf', 'convert stl docx'), '"convert" from stl to pdf'],
    ['among the few values that there are', wish('hash', 'jpg', 'sha256'), only('hash jpg md5', 'hash jpg sha512'), '"hash" from jpg to md5'],
    ['another operation of nearly that name', wish('extract-pdf-assets', 'pdf'), only('extract-assets pdf', 'compress pdf'), '"extract-assets" from pdf'],
    ['nothing, where nothing is near', wish('watermark', 'jpg'), only('compress jpg'), null],
    ['nothing, where nobody does anything', wish('convert', 'jpg', 'png'), () => false, null],
    ['not the format that it has already', wish('convert', 'jpg', 'jp2'), only('convert jpg jpg', 'convert jpg webp'), '"convert" from jpg to webp'],
  ])('%s', (_name, asked, offers, told) => {
    expect(nearestOffer({ wishes: [asked] }, offers)).toBe(told === null ? null : `Nearest that works: ${told}.`);
  });

  it('works for every file that was refused', () => {
    const offers = only('convert jpg webp', 'convert bmp png', 'convert jpg png');
    expect(nearestOffer({ wishes: [wish('convert', 'jpg', 'gif'), wish('convert', 'bmp', 'gif')] }, offers)).toContain('to png');
    // The control: one of them alone could be made into what is more common.
    expect(nearestOffer({ wishes: [wish('convert', 'bmp', 'gif')] }, only('convert bmp jpg', 'convert bmp png', 'convert jpg png'))).toContain('to jpg');
  });
});
