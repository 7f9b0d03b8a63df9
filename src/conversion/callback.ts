export interface RawCallback {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export type CallbackReading =
  /** A secret is set and the signature is missing or wrong. */
  | { readonly verdict: 'refused' }
  /** True enough to ask the vendor. `providerJobId` where the body tells one. */
  | { readonly verdict: 'hint'; readonly providerJobId: string | null }
  /** Signed: the body speaks for itself. */
  | { readonly verdict: 'proven'; readonly providerJobId: string | null };
