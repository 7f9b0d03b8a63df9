import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PdfAnswer, PdfQuestion } from './pdf-worker-words.js';
import { Turns } from './turns.js';
import { Unconvertible } from './unconvertible.js';

/** How long one PDF may be read or drawn, all its pages together. */
const LIMIT_MS = 120_000;
const LIMIT_HEAP_MB = 512;

/** A PDF whose pages can be looked at. Pages count from 0. */
export interface ReadablePdf {
  readonly pages: number;
  /** Points, as the page is seen. */
  size(page: number): Promise<{ width: number; height: number }>;
  text(page: number): Promise<string>;
  /** The page on white, RGBA from the top, stretched to `width` by `height` pixels. */
  picture(page: number, width: number, height: number): Promise<{ data: Uint8Array; width: number; height: number }>;
}

const turns = new Turns(2);

/**
 * Opens a PDF in a thread of its own for as long as `look` takes. Throws `corrupt_input` for what is no PDF,
 * `unsupported` for an encrypted one and for one that takes longer than two minutes.
 */
export async function readPdf<Result>(bytes: Buffer, look: (pdf: ReadablePdf) => Promise<Result>): Promise<Result> {
  return turns.take(async () => {
    // The thread's file is beside this one, in the same language: built, or as it stands.
    const file = new URL(`./pdf-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: LIMIT_HEAP_MB }, execArgv: ['--disable-warning=ExperimentalWarning'], stderr: true, stdout: true });
    const ended = endOf(worker);
    const ask = async (question: PdfQuestion): Promise<PdfAnswer> => {
      const answer = new Promise<PdfAnswer>((resolve) => worker.once('message', resolve));
      worker.postMessage(question);
      const given = await Promise.race([answer, ended]);
      if (given.kind === 'failed') throw refusalOf(given.message);
      return given;
    };
    try {
      return await look(await opened(bytes, ask));
    } finally {
      await worker.terminate();
    }
  });
}

async function opened(bytes: Buffer, ask: (question: PdfQuestion) => Promise<PdfAnswer>): Promise<ReadablePdf> {
  const first = await ask({ kind: 'open', bytes });
  if (first.kind !== 'opened') throw new Error('The thread answered out of turn.');
  const asked = async <Kind extends PdfAnswer['kind']>(question: PdfQuestion, kind: Kind): Promise<Extract<PdfAnswer, { kind: Kind }>> => {
    const answer = await ask(question);
    if (answer.kind !== kind) throw new Error('The thread answered out of turn.');
    return answer as Extract<PdfAnswer, { kind: Kind }>;
  };
  return {
    pages: first.pages,
    size: (page) => asked({ kind: 'size', page }, 'size'),
    text: async (page) => (await asked({ kind: 'text', page }, 'text')).text,
    picture: (page, width, height) => asked({ kind: 'picture', page, width, height }, 'picture'),
  };
}

/** Rejects when the thread dies or its time is up; nobody needs to listen. */
function endOf(worker: Worker): Promise<never> {
  const end = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Unconvertible('unsupported', `The PDF takes longer than ${LIMIT_MS / 1000} s to read.`)), LIMIT_MS);
    const died = new Unconvertible('corrupt_input', 'The PDF cannot be read.');
    worker.once('error', (error: NodeJS.ErrnoException) => {
      // A thread that could not even start is our fault and not the file's.
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      reject(error.code?.startsWith('ERR_') === true && !outOfMemory ? error : died);
    });
    worker.once('exit', () => {
      clearTimeout(timer);
      reject(died);
    });
  });
  end.catch(() => undefined);
  return end;
}

function refusalOf(message: string): Unconvertible {
  if (/password|security/i.test(message)) return new Unconvertible('unsupported', 'The PDF is encrypted, and is not opened here.');
  return new Unconvertible('corrupt_input', 'The PDF cannot be read.');
}
