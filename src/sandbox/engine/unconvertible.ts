/** `unsupported`: nothing here can do it; `corrupt_input`: the file is not what it claims; `bad_option`: the caller's value. */
export type UnconvertibleReason = 'unsupported' | 'corrupt_input' | 'bad_option';

/** The one error the engine throws for a task it cannot run; `message` is a sentence fit for a vendor's error answer. */
export class Unconvertible extends Error {
  constructor(
    readonly reason: UnconvertibleReason,
    message: string,
  ) {
    super(message);
    this.name = 'Unconvertible';
  }
}
