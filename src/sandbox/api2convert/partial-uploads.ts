import { Refusal } from '../refusal.js';
import { newId } from './job.js';

export interface UploadPart {
  /** `X-Oc-Upload-Uuid`: one per file within the job. */
  readonly uuid: string | null;
  /** `Content-Range: bytes start-end/total`, or null for a file in one piece. */
  readonly range: string | null;
  readonly bytes: Buffer;
}

export interface WholeUpload {
  /** The same for the same uuid, so that an upload sent again replaces the first. */
  readonly inputId: string;
  readonly bytes: Buffer;
}

/** Puts files that arrive in chunks together (chunked upload page); chunks come in order. */
export class PartialUploads {
  private readonly received = new Map<string, Buffer>();
  private readonly inputIds = new Map<string, string>();

  /** The whole file once its last byte is in; null before. */
  add(jobId: string, { uuid, range, bytes }: UploadPart): WholeUpload | null {
    const slot = `${jobId} ${uuid ?? newId()}`;
    if (range === null) return this.whole(slot, bytes);
    const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range) ?? [];
    if (uuid === null || total === undefined) throw new Refusal(400, 'A chunk needs its upload uuid and a content range', 6);
    const before = Number(start) === 0 ? Buffer.alloc(0) : (this.received.get(slot) ?? Buffer.alloc(0));
    if (before.length !== Number(start) || Number(end) - Number(start) + 1 !== bytes.length) throw new Refusal(400, 'The chunk does not fit its content range', 6);
    const soFar = Buffer.concat([before, bytes]);
    if (soFar.length === Number(total)) return this.whole(slot, soFar);
    this.received.set(slot, soFar);
    return null;
  }

  private whole(slot: string, bytes: Buffer): WholeUpload {
    const inputId = this.inputIds.get(slot) ?? newId();
    this.inputIds.set(slot, inputId);
    this.received.delete(slot);
    return { inputId, bytes };
  }
}
