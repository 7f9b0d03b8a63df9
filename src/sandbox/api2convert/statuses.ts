/** Status codes with their info, as `GET /statuses` lists them (job lifecycle page; `saving` from the API document, `canceled` from the SDK contract). */
export const STATUSES: readonly { readonly code: string; readonly info: string }[] = [
  { code: 'incomplete', info: 'Missing information to run the job.' },
  { code: 'ready', info: 'The job is ready but not marked to be processed yet.' },
  { code: 'queued', info: 'The job is waiting in the queue for being processed.' },
  { code: 'downloading', info: 'The file is currently downloading from the source URL.' },
  { code: 'processing', info: 'The file is currently being processed.' },
  { code: 'saving', info: 'The converted file is being saved.' },
  { code: 'completed', info: 'The file has been successfully converted.' },
  { code: 'failed', info: 'The file has not been converted due to errors.' },
  { code: 'canceled', info: 'The job has been canceled.' },
];

const INFOS = new Map(STATUSES.map(({ code, info }) => [code, info]));

export function infoOf(code: string): string {
  return INFOS.get(code) ?? '';
}
