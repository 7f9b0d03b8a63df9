/** What the thread that reads a PDF is asked; pages count from 0, sizes are pixels. */
export type PdfQuestion =
  | { readonly kind: 'open'; readonly bytes: Uint8Array }
  | { readonly kind: 'size'; readonly page: number }
  | { readonly kind: 'text'; readonly page: number }
  | { readonly kind: 'picture'; readonly page: number; readonly width: number; readonly height: number };

/** What it answers; sizes of pages are points as they are seen (turned pages turned), pictures are RGBA from the top. */
export type PdfAnswer =
  | { readonly kind: 'opened'; readonly pages: number }
  | { readonly kind: 'size'; readonly width: number; readonly height: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'picture'; readonly width: number; readonly height: number; readonly data: Uint8Array }
  | { readonly kind: 'failed'; readonly message: string };
