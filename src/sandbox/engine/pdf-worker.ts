import { parentPort } from 'node:worker_threads';
import { type PDFiumDocument, PDFiumLibrary } from '@hyzyla/pdfium';
import type { PdfAnswer, PdfQuestion } from './pdf-worker-words.js';

/**
 * A thread that reads one PDF and ends with it: a file that sends PDFium round in circles, or makes it crash or grow,
 * costs a thread and not the process. Nothing is imported at run time but packages, so that it also runs as it stands, unbuilt.
 */
const port = parentPort;
if (!port) throw new Error('This file is run as a thread.');

let pdf: PDFiumDocument | undefined;

async function answer(question: PdfQuestion): Promise<PdfAnswer> {
  if (question.kind === 'open') {
    const library = await PDFiumLibrary.init();
    pdf = await library.loadDocument(question.bytes);
    return { kind: 'opened', pages: pdf.getPageCount() };
  }
  if (!pdf) throw new Error('Nothing is open.');
  const page = pdf.getPage(question.page);
  switch (question.kind) {
    case 'size': {
      const { originalWidth, originalHeight } = page.getOriginalSize();
      return { kind: 'size', width: originalWidth, height: originalHeight };
    }
    case 'text':
      return { kind: 'text', text: page.getText() };
    case 'picture': {
      const { width, height, data } = await page.render({ width: question.width, height: question.height, scale: 1, render: 'bitmap', renderFormFields: false });
      return { kind: 'picture', width, height, data };
    }
    default:
      return question satisfies never;
  }
}

port.on('message', (question: PdfQuestion) => {
  answer(question).then(
    (reply) => port.postMessage(reply, reply.kind === 'picture' ? [reply.data.buffer as ArrayBuffer] : []),
    (error: unknown) => port.postMessage({ kind: 'failed', message: error instanceof Error ? error.message : String(error) } satisfies PdfAnswer),
  );
});
