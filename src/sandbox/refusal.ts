/** A call refused with an HTTP status; each vendor puts it into its own error body. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** The vendor's code in the error body, where it has one. */
    readonly code: number | string | null = null,
    readonly errors: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}
