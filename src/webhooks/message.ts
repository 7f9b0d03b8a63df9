import { Webhook } from 'standardwebhooks';
import { toJobView } from '../jobs/job-view.js';
import type { WholeJob } from '../jobs/rows.js';

/** An event as its row holds it. Inside `job` times are text. */
export interface NewsRow {
  readonly eventId: string;
  readonly sequence: number;
  readonly type: string;
  readonly exportId: string | null;
  readonly job: WholeJob;
  readonly createdAt: Date;
}

export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the receiver reads: the job as `GET /v1/jobs/{id}` showed it when this happened; of an export's event the export besides. */
export function toBody(news: NewsRow, publicUrl: string): string {
  const data = toJobView(news.job, publicUrl);
  const target = (data['exports'] as readonly { readonly id: string }[]).find(({ id }) => id === news.exportId);
  return JSON.stringify({ type: news.type, timestamp: news.createdAt.toISOString(), sequence: news.sequence, data, ...(target === undefined ? {} : { export: target }) });
}

/** Signed by Standard Webhooks. `at`: when it is sent, which the receiver holds against its clock; `secret`: "whsec_…". */
export function toMessage(news: NewsRow, publicUrl: string, secret: string, at: Date): Message {
  const body = toBody(news, publicUrl);
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'conversion-gateway',
      'webhook-id': news.eventId,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(news.eventId, at, body),
    },
  };
}
