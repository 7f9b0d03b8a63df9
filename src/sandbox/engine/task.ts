/** A file as it came to the sandbox: a name (never a path) and its bytes. */
export interface SourceFile {
  readonly filename: string;
  readonly bytes: Buffer;
}

/** A file the engine made. `contentType` is the bare media type, without parameters. */
export interface ResultFile {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/**
 * One conversion, in plain words.
 *
 * `operation` is one of `OPERATIONS` in `engine.ts`; `target` a format ("png", "pdf", "zip", "sha256", "json") or ''
 * where the operation has none; `options` as the vendor received them, in either vendor's spelling.
 */
export interface Task {
  readonly operation: string;
  readonly target: string;
  readonly options: Readonly<Record<string, unknown>>;
}
