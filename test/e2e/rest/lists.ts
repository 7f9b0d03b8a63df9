import { randomUUID } from 'node:crypto';
import type { Gateway } from '../../support/gateway.js';
import { ended, problemOf, send, type JobView } from '../support/rest.js';

interface Page {
  readonly data: readonly JobView[];
  readonly nextCursor: string | null;
}

/** `GET /v1/jobs` */
export function lists(gateway: () => Gateway): void {
  const tag = `list-${randomUUID()}`;
  const ids: string[] = [];
  let middle: string;

  async function list(query: Record<string, string>): Promise<Page> {
    return (await (await gateway().call(`/v1/jobs?${new URLSearchParams({ tag, ...query }).toString()}`)).json()) as Page;
  }
  const idsOf = ({ data }: Page): string[] => data.map(({ id }) => id);

  beforeAll(async () => {
    for (const [index, vendor] of ['api2convert', 'runconvert', 'api2convert', 'runconvert', 'api2convert'].entries()) {
      const body = { inputs: [{ type: 'url', url: 'https://files.example/notes.txt' }], steps: [{ operation: 'convert', to: 'html' }], routing: { only: [vendor] }, tag };
      ids.unshift((await send(gateway(), body)).id);
      if (index === 2) middle = new Date().toISOString();
      if (index === 2) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(ids.map((id) => ended(gateway(), id)));
    ids.unshift((await send(gateway(), { inputs: [{ type: 'upload' }], steps: [{ operation: 'convert', to: 'png' }], tag })).id);
  });

  it('gives the newest first, page by page, each job once', async () => {
    const pages: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page = await list({ limit: '4', ...(cursor === '' ? {} : { cursor }) });
      pages.push(idsOf(page));
      cursor = page.nextCursor;
    }
    expect(pages).toEqual([ids.slice(0, 4), ids.slice(4)]);
  });

  it('finds by status, by provider, by time, and by all of them', async () => {
    expect(idsOf(await list({ status: 'awaiting_input' }))).toEqual(ids.slice(0, 1));
    expect(idsOf(await list({ status: 'completed' }))).toEqual(ids.slice(1));
    expect(idsOf(await list({ provider: 'runconvert' }))).toEqual([ids[2], ids[4]]);
    expect(idsOf(await list({ createdAfter: middle }))).toEqual(ids.slice(0, 3));
    expect(idsOf(await list({ createdBefore: middle }))).toEqual(ids.slice(3));
    expect(idsOf(await list({ createdBefore: middle, provider: 'api2convert', status: 'completed' }))).toEqual([ids[3], ids[5]]);
    expect(idsOf(await list({ status: 'canceled' }))).toEqual([]);
  });

  it.each(['status=done', 'limit=0', 'limit=201', 'cursor=nonsense', 'createdAfter=yesterday', 'colour=red'])('refuses ?%s', async (query) => {
    expect(await problemOf(await gateway().call(`/v1/jobs?${query}`))).toMatchObject({ status: 422, code: 'invalid_request' });
  });
}
