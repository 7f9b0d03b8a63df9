import type { PlaceBody, StepBody } from '../../../src/conversion/job-body.js';
import { readJob } from '../../../src/conversion/read-job.js';

const around = { providers: ['one'], adapters: ['vendor'], checkAddress: () => null, maxUploadBytes: 1000, money: { currency: 'USD', rates: {} } };
const file = (name: string): PlaceBody => ({ type: 'url', url: `https://example.com/${name}` });

function errorsOf(files: readonly string[], ...steps: StepBody[]): readonly { readonly pointer: string; readonly message: string }[] {
  const read = readJob({ inputs: files.map(file), steps }, around);
  return 'errors' in read ? read.errors : [];
}

const PAIRS = ['compare-images', 'compare-videos', 'compare-pdfs'];
const compare: StepBody = { operation: 'compare-images' };
const toPng: StepBody = { operation: 'convert', to: 'png' };

describe('what compares takes two files', () => {
  it.each(PAIRS)('%s: two, neither one nor three', (operation) => {
    expect([1, 2, 3].map((count) => errorsOf(['a', 'b', 'c'].slice(0, count), { operation }).map(({ pointer }) => pointer))).toEqual([['/steps/0/inputs'], [], ['/steps/0/inputs']]);
  });

  it('says what it takes, what it gets, and what to do', () => {
    expect(errorsOf(['a.png'], compare)[0]?.message).toBe('"compare-images" takes exactly 2 files, and gets 1: "input-1". Name another input or step beside it.');
    expect(errorsOf(['a.png', 'b.png', 'c.png'], compare)[0]?.message).toBe('"compare-images" takes exactly 2 files, and gets 3: "input-1", "input-2", "input-3". Name here the 2 that are meant.');
    expect(errorsOf(['a.png', 'b.png', 'c.png'], { operation: 'resize', width: 9 }, compare)).toEqual([
      { pointer: '/steps/1/inputs', message: '"compare-images" takes exactly 2 files, and gets 3: "step-1". Let the steps before it take 2 files in all.' },
    ]);
  });

  it('files are followed through the steps, in whatever order these were written', () => {
    expect(errorsOf(['a.bmp', 'b.bmp'], toPng, { operation: 'compress' }, compare)).toEqual([]);
    expect(errorsOf(['a.bmp'], toPng, compare)).toMatchObject([{ pointer: '/steps/1/inputs' }]);
    expect(errorsOf(['a.bmp'], { ...compare, inputs: ['late'] }, { ...toPng, id: 'late', inputs: ['input-1'] })).toMatchObject([{ pointer: '/steps/0/inputs' }]);
    expect(errorsOf(['a.bmp', 'b.bmp'], { operation: 'archive', to: 'zip' }, compare)).toMatchObject([{ pointer: '/steps/1/inputs' }]);
  });

  it('the same file is none to compare with', () => {
    expect(errorsOf(['a.png'], { ...compare, inputs: ['input-1', 'input-1'] })).toEqual([
      { pointer: '/steps/0/inputs/1', message: '"input-1" is named twice, and a step takes each file once. Name another input or step in its place; "compare-images" needs different ones.' },
    ]);
  });
});

describe('what nobody can count is left to the vendor', () => {
  it.each<[string, readonly string[], StepBody]>([
    ['files of an archive', ['a.zip'], { operation: 'extract-archive' }],
    ['frames of a video', ['a.mp4'], { operation: 'video-to-images' }],
    ['pages of a document', ['a.pdf'], toPng],
    ['frames of a moving picture', ['a.gif'], toPng],
    ['pages of a file of which nothing is told', ['a'], { operation: 'thumbnail', to: 'png' }],
  ])('%s', (_what, files, step) => {
    expect(errorsOf(files, step, compare)).toEqual([]);
  });

  it('but three documents are at least three pages', () => {
    expect(errorsOf(['a.pdf', 'b.pdf', 'c.pdf'], toPng, compare)[0]?.message).toContain('and gets at least 3: "step-1"');
  });
});

it('streams are merged of two files or more, as many as there are', () => {
  const counts = [1, 2, 5].map((count) => errorsOf(['a', 'b', 'c', 'd', 'e'].slice(0, count), { operation: 'merge-streams' }).map(({ message }) => message));
  expect(counts).toEqual([['"merge-streams" takes at least 2 files, and gets 1: "input-1". Name another input or step beside it.'], [], []]);
});

it.each(['merge', 'archive', 'slideshow', 'compress', 'resize'])('%s is done with a single file', (operation) => {
  expect(errorsOf(['a.png'], { operation, ...(operation === 'merge' ? { to: 'pdf' } : operation === 'archive' ? { to: 'zip' } : {}) })).toEqual([]);
});
