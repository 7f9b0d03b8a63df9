/** Why a `Deadline` aborted by itself, so that nobody takes it for the caller's wish. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** A signal that follows another one and can also run out. Release it, or its timer and listener live on. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** From now on `ms` remain, whatever remained before; 0: no limit. */
  arm(ms: number): void;
  release(): void;
}

export function followingDeadline(parent: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const follow = (): void => controller.abort(parent?.reason);
  if (parent?.aborted === true) follow();
  parent?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    arm(ms) {
      clearTimeout(timer);
      timer = ms > 0 ? setTimeout(() => controller.abort(new DeadlinePassed()), ms) : undefined;
    },
    release() {
      clearTimeout(timer);
      parent?.removeEventListener('abort', follow);
    },
  };
}
