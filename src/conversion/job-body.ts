/** A job as a caller writes it: shapes are checked (types, ranges, unknown fields), meaning is not. */

/** Where a file is or goes: the fields of every input and export type together; `places.ts` says which belong to which. */
export interface PlaceBody {
  id?: string;
  type: string;
  url?: string;
  filename?: string;
  fetch?: string;
  headers?: Record<string, string>;
  size?: number;
  uploadId?: string;
  data?: string;
  bucket?: string;
  container?: string;
  key?: string;
  region?: string;
  endpoint?: string;
  projectId?: string;
  host?: string;
  port?: number;
  path?: string;
  fileId?: string;
  folderId?: string;
  title?: string;
  jobId?: string;
  outputId?: string;
  credentials?: Record<string, string>;
  credentialsRef?: string;
}

export interface ExportBody extends PlaceBody {
  inputs?: string[];
}

export interface StepBody {
  id?: string;
  operation: string;
  inputs?: string[];
  to?: string;
  from?: string;
  level?: string;
  url?: string;
  language?: string;
  text?: string;
  width?: number;
  height?: number;
  options?: Record<string, unknown>;
  providerOptions?: Record<string, Record<string, unknown>>;
}

export interface RoutingBody {
  strategy?: string;
  only?: string[];
  exclude?: string[];
  prefer?: string[];
  regions?: string[];
  maxCost?: { amount: string; currency: string } | null;
  maxAttempts?: number;
  deadlineSeconds?: number;
  strict?: boolean;
  quoteId?: string | null;
}

export interface JobBody {
  inputs: PlaceBody[];
  steps: StepBody[];
  exports?: ExportBody[];
  routing?: RoutingBody;
  webhook?: { url: string; events?: string[]; secret?: string } | null;
  retention?: string;
  tag?: string | null;
  metadata?: Record<string, string>;
}

/** What is wrong with one field. `pointer` is a JSON Pointer (RFC 6901) into the body. */
export interface FieldError {
  readonly pointer: string;
  readonly message: string;
}

/** Gathers everything that is wrong, so that a caller hears of it at once. */
export class Complaints {
  readonly errors: FieldError[] = [];

  add(pointer: string, message: string): void {
    this.errors.push({ pointer, message });
  }
}

/** One segment of a JSON Pointer, escaped. */
export function pointerSegment(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
