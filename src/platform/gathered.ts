import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';

interface Waiting<Input, Output> {
  readonly input: Input;
  readonly resolve: (output: Output) => void;
  readonly reject: (error: unknown) => void;
  /** Runs something in the asynchronous context of whoever waits. */
  readonly within: <T>(work: () => T) => T;
}

/**
 * Does what comes together at once: while one batch is under way, the next gathers. A single call waits for nobody, and under load many share one
 * round trip and one commit. What fails as a batch is done one by one, so that nobody fails for a neighbour's sake.
 */
export class Gathered<Input, Output> {
  private waiting: Waiting<Input, Output>[] = [];
  private running = 0;

  /**
   * `together` answers in the order of its inputs. At most `most` go into one batch, and at most `lanes` batches are under way; `restMs`: after each its lane gathers for so long, where nobody
   * waits for the answer. `isLost`: of what failed so nobody knows whether it was done, so it fails for all.
   */
  constructor(
    private readonly together: (inputs: readonly Input[]) => Promise<readonly Output[]>,
    private readonly alone: (input: Input) => Promise<Output>,
    private readonly limits: { readonly most: number; readonly lanes: number; readonly restMs?: number; readonly isLost?: (error: unknown) => boolean },
  ) {}

  do(input: Input): Promise<Output> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ input, resolve, reject, within: AsyncLocalStorage.snapshot() });
      if (this.running < this.limits.lanes) {
        this.running += 1;
        // After this turn, so that all that came with it is there.
        setImmediate(() => void this.work());
      }
    });
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.limits.most);
      const [first] = batch;
      // As one of those who wait, and not as whoever was the first of all, who may have left.
      if (first !== undefined) await first.within(() => (batch.length === 1 ? this.alone(first.input).then(first.resolve, first.reject) : this.all(batch)));
      if (this.limits.restMs !== undefined) await pause(this.limits.restMs);
    }
    this.running -= 1;
  }

  private async all(batch: readonly Waiting<Input, Output>[]): Promise<void> {
    try {
      const outputs = await this.together(batch.map(({ input }) => input));
      batch.forEach(({ resolve }, index) => resolve(outputs[index] as Output));
    } catch (error) {
      if (this.limits.isLost?.(error) === true) return batch.forEach(({ reject }) => reject(error));
      await Promise.all(batch.map(({ input, resolve, reject }) => this.alone(input).then(resolve, reject)));
    }
  }
}
