import { bodyOf, httpServer } from '../../support/local-server.js';

/** What a vendor's catalogue answers, in place of what it would; null: as it would. `hang`: nothing, ever. */
export type Edit = (url: URL, body: unknown) => { readonly status: number; readonly body: unknown } | 'hang' | null;

export interface EditedVendor {
  /** With the base path. */
  readonly url: string;
  edit: Edit;
  /** Catalogue requests so far. */
  asked: number;
  close(): Promise<void>;
}

const CATALOGUE = /^\/v2\/(?:conversions|core\/\w+)$/;

/** A vendor of the sandbox with another catalogue: all else passes through as it is. */
export async function editedVendor(vendor: string): Promise<EditedVendor> {
  const edited: { edit: Edit; asked: number } = { edit: () => null, asked: 0 };
  const server = await httpServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', vendor);
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length', 'transfer-encoding'].includes(name))) as Record<string, string>;
      const body = await bodyOf(request);
      const answer = await fetch(url, { method: request.method, headers, redirect: 'manual', ...(body.length === 0 ? {} : { body: new Uint8Array(body) }) });
      const text = await answer.text();
      const isCatalogue = CATALOGUE.test(url.pathname);
      if (isCatalogue) edited.asked += 1;
      const change = isCatalogue ? edited.edit(url, JSON.parse(text) as unknown) : null;
      if (change === 'hang') return;
      response.writeHead(change?.status ?? answer.status, { 'content-type': 'application/json' }).end(change === null ? text : JSON.stringify(change.body));
    })().catch(() => response.destroy());
  });
  return Object.assign(edited, { url: `${server.origin}/v2`, close: () => server.close() });
}
