import { databaseTrouble } from '../platform/database-trouble.js';
import type { Watch } from './event-feed.js';
import { toEventView, type EventPage } from './event-store.js';

/** How long a stream may be silent: proxies close what says nothing. */
const HEARTBEAT_MS = 15_000;
const TROUBLE_MS = 1000;
/** When a reader that lost the stream should come again. */
const COME_AGAIN_MS = 1000;
/** A reader that takes nothing for so long is cut off; it may come again. */
const STALLED_MS = 30_000;

export interface StreamSource {
  /** The events behind a sequence, oldest first, and how the job stands; null when there is no such job any more. */
  readonly read: (after: number) => Promise<EventPage | null>;
  readonly watch: Watch;
  /** The sequence that the reader knows already. */
  readonly after: number;
  /** The reader takes nothing. */
  readonly stalled: () => void;
}

/**
 * A job's timeline as Server-Sent Events, until the job has ended and everything was said, or the watch is closed. What is not asked for is
 * not read: a slow reader holds one page. While the database is away the stream stays, and goes on where it was.
 */
export async function* eventStream({ read, watch, after, stalled }: StreamSource): AsyncGenerator<string, void> {
  const taken = (): (() => void) => {
    const timer = setTimeout(stalled, STALLED_MS);
    return () => clearTimeout(timer);
  };
  watch.seen = after;
  let text = `retry: ${COME_AGAIN_MS}\n\n`;
  try {
    while (!watch.closed) {
      if (text !== '') {
        const done = taken();
        try {
          yield text;
        } finally {
          done();
        }
      }
      text = '';
      const page = await read(watch.seen).catch((error: unknown) => {
        if (databaseTrouble(error) !== null) return 'trouble' as const;
        throw error;
      });
      if (page === null) return;
      if (page === 'trouble') {
        await watch.next(TROUBLE_MS);
        text = ':\n\n';
      } else if (page.events.length > 0) {
        text = page.events.map((event) => `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(toEventView(event))}\n\n`).join('');
        watch.seen = page.events.at(-1)?.sequence ?? watch.seen;
      } else if (page.ended) return;
      else if (!(await watch.next(HEARTBEAT_MS))) text = ':\n\n';
    }
  } finally {
    watch.close();
  }
}
