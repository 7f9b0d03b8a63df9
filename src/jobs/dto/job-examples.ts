/** Bodies of `POST /v1/jobs` that work as they stand (the first two need their files to exist). */
export const JOB_EXAMPLES = {
  smallest: {
    summary: 'The smallest job: one file, one conversion',
    value: { inputs: [{ type: 'url', url: 'https://example.com/photo.jpg' }], steps: [{ operation: 'convert', to: 'png' }] },
  },
  graph: {
    summary: 'Two documents merged, and a thumbnail of the result',
    value: {
      inputs: [
        { id: 'invoice', type: 'url', url: 'https://example.com/invoice.pdf' },
        { id: 'terms', type: 'url', url: 'https://example.com/terms.pdf' },
      ],
      steps: [
        { id: 'whole', operation: 'merge', inputs: ['invoice', 'terms'], to: 'pdf' },
        { id: 'cover', operation: 'thumbnail', inputs: ['whole'], to: 'png', width: 400 },
      ],
      tag: 'invoice-42',
      metadata: { order: '42' },
    },
  },
  upload: {
    summary: 'A file that is sent afterwards, with PUT …/inputs/photo/content',
    value: { inputs: [{ id: 'photo', type: 'upload', filename: 'photo.jpg' }], steps: [{ operation: 'convert', to: 'webp', options: { quality: 80 } }] },
  },
  inline: {
    summary: 'A small file inside the body',
    value: { inputs: [{ type: 'base64', data: 'SGVsbG8sIHdvcmxkIQ==', filename: 'hello.txt' }], steps: [{ operation: 'convert', to: 'pdf' }] },
  },
};
