import type { Timer } from '../base/clock.ts';
import { characterMs, type SerialLine, silenceMs } from '../model/serial-line.ts';
import { isCrcRight, longestRtuFrame } from './frame.ts';
import { createPacedWire } from './paced-wire.ts';
import type { Receiver, Reception } from './reception.ts';
import { answerRtu } from './rtu-answering.ts';

/** The bytes since the last silence. */
interface Run {
  bytes: Buffer;
  /** Another spoke at the same time, or too shortly before: no unit understands it. */
  isSpoilt: boolean;
}

/**
 * Requests on a serial line: a frame ends where the line is silent for 3.5 characters, and counts if its check sum is
 * right.
 */
export function createLineReception(reception: Reception, line: SerialLine): Receiver {
  const { clock, counts } = reception;
  const pace = { silenceMs: silenceMs(line), characterMs: characterMs(line) };
  const onInterrupted = () => {
    counts.collisions += 1;
    run.isSpoilt = true;
  };
  const wire = createPacedWire({ ...reception, line, onInterrupted });
  let run: Run = { bytes: Buffer.alloc(0), isSpoilt: false };
  let timer: Timer | undefined;

  const onSilence = () => {
    const { bytes, isSpoilt } = run;
    run = { bytes: Buffer.alloc(0), isSpoilt: false };
    const delivery = isSpoilt ? undefined : answerRtu(reception, bytes, pace);
    if (delivery) wire.transmit(delivery, wire.heardUntilMono);
  };

  /** Counts once what a run met. */
  const meet = (meeting: ReturnType<typeof wire.hear>) => {
    // A second request right behind a whole one: the two become one frame that nobody understands.
    const isCrowded = run.bytes.length > 0 && isCrcRight(run.bytes);
    if (run.isSpoilt) return;
    if (meeting === 'answer') counts.collisions += 1;
    else if (meeting === 'short-silence' || isCrowded) counts.shortSilences += 1;
    const isHarmless = meeting === 'nobody' || (meeting === 'short-silence' && reception.shortSilence === 'answered');
    if (!isHarmless) run.isSpoilt = true;
  };

  return {
    receive(bytes) {
      if (bytes.length === 0) return;
      const beginMono = Math.max(clock.monoMs(), wire.heardUntilMono);
      // The silence of a frame is over, and its timer is only late.
      if (run.bytes.length > 0 && clock.monoMs() >= wire.heardUntilMono + pace.silenceMs) onSilence();
      meet(wire.hear(bytes.length));
      if (reception.isEchoing) wire.echo(Uint8Array.from(bytes), beginMono);
      // One byte beyond the longest frame is enough to know that it is none.
      run.bytes = Buffer.concat([run.bytes, bytes.subarray(0, longestRtuFrame + 1 - run.bytes.length)]);
      timer?.cancel();
      timer = clock.at(wire.heardUntilMono + pace.silenceMs, onSilence);
    },
    end() {
      timer?.cancel();
      wire.end();
    },
  };
}
