/**
 * How much of what is not urgent may be unacknowledged at a time, so that an alarm that comes up behind it waits for a
 * moment only: much on a fast line, a few kilobytes on a thin one. Learned from how long the broker takes to acknowledge.
 * Pure.
 */
export interface Pipe {
  readonly windowBytes: number;
  /** The quickest acknowledgement on this connection: the line without a queue. */
  readonly quickestMs: number;
  readonly shrunkAtMono: number;
}

/**
 * On a line of 64 kbit/s the window settles at its least, 4 KiB, which an alarm waits half a second for. The most is 128 KiB:
 * what may be sent twice after a broken connection, and enough for 10 Mbit/s at a round trip of 100 ms.
 */
export const pipeLimits = { leastBytes: 4_096, firstBytes: 8_192, mostBytes: 131_072 } as const;

/** What stands in the queue of the line for less than this is no burden for an alarm … */
const shortQueueMs = 50;
/** … and for longer than this it is. */
const longQueueMs = 200;

export const firstPipe: Pipe = {
  windowBytes: pipeLimits.firstBytes,
  quickestMs: Number.POSITIVE_INFINITY,
  shrunkAtMono: Number.NEGATIVE_INFINITY,
};

export type PipeInput =
  /** What was learned of the window holds on; the line may be another one. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'acknowledged'; readonly bytes: number; readonly flightMs: number; readonly nowMono: number }
  /** Something was not acknowledged in time. */
  | { readonly kind: 'unanswered' };

export function stepPipe(pipe: Pipe, input: PipeInput): Pipe {
  switch (input.kind) {
    case 'connected':
      return { ...firstPipe, windowBytes: Math.min(pipe.windowBytes, pipeLimits.firstBytes) };
    case 'unanswered':
      return { ...pipe, windowBytes: Math.max(pipeLimits.leastBytes, pipe.windowBytes / 4) };
    case 'acknowledged': {
      const { bytes, flightMs, nowMono } = input;
      const quickestMs = Math.min(pipe.quickestMs, flightMs);
      const queueMs = flightMs - quickestMs;
      if (queueMs < shortQueueMs) {
        return { ...pipe, quickestMs, windowBytes: Math.min(pipeLimits.mostBytes, pipe.windowBytes + bytes) };
      }
      // Only what was sent into the smaller window says something about it.
      if (queueMs <= longQueueMs || nowMono - flightMs < pipe.shrunkAtMono) return { ...pipe, quickestMs };
      return {
        quickestMs,
        windowBytes: Math.max(pipeLimits.leastBytes, pipe.windowBytes / 2),
        shrunkAtMono: nowMono,
      };
    }
  }
}
