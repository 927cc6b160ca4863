import type { Timer } from '../base/clock.ts';
import { isCrcRight, longestRtuFrame, rtuRequestLength } from './frame.ts';
import type { Receiver, Reception } from './reception.ts';
import { answerRtu } from './rtu-answering.ts';
import { createInstantWire } from './wire.ts';

/** A piece of a request that is not followed by the rest for so long is forgotten. */
const longestGapMs = 50;

const pace = { silenceMs: 0, characterMs: 0 };

/** RTU requests on a wire that takes no time, where no silence parts them: their lengths and check sums do. */
export function createLooseReception(reception: Reception): Receiver {
  const { clock, send, counts, isEchoing } = reception;
  const wire = createInstantWire(reception);
  let pending: Buffer = Buffer.alloc(0);
  let timer: Timer | undefined;

  const serve = (frame: Buffer) => {
    const delivery = answerRtu(reception, frame, pace);
    if (delivery) wire.transmit(delivery, clock.monoMs());
  };

  const onGap = () => {
    const rest = pending;
    pending = Buffer.alloc(0);
    // A function code that nobody knows still gets its exception.
    if (rtuRequestLength(rest) === 'unknown') serve(rest);
    else counts.badFrames += 1;
  };

  /** True when a frame was taken from what came in. */
  const takeFrame = (): boolean => {
    const length = rtuRequestLength(pending);
    if (length === undefined || length === 'unknown' || pending.length < length) return false;
    const frame = pending.subarray(0, length);
    // Where the check sum is wrong, nobody knows where the next frame begins.
    pending = isCrcRight(frame) ? pending.subarray(length) : Buffer.alloc(0);
    serve(frame);
    return true;
  };

  return {
    receive(bytes) {
      if (isEchoing) send(Uint8Array.from(bytes));
      timer?.cancel();
      pending = pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([pending, bytes]);
      while (pending.length > 0 && takeFrame());
      if (pending.length > longestRtuFrame) pending = pending.subarray(0, longestRtuFrame);
      // Whoever got an answer may have gone on before we came here.
      timer?.cancel();
      timer = pending.length > 0 ? clock.at(clock.monoMs() + longestGapMs, onGap) : undefined;
    },
    end() {
      timer?.cancel();
      wire.end();
    },
  };
}
