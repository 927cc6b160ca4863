import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { AlarmCursor, Outbox } from '../model/outbox.ts';
import { Settler } from './settler.ts';

export interface CursorKeeperOptions {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly onTrouble: (text: string | undefined) => void;
}

/**
 * How far this uplink has come with the alarm log. What is in memory is the truth while the process lives; the store is
 * told as fast as it can listen, so that only a crash can make an event be sent twice for its sake.
 */
export interface CursorKeeper {
  /** Undefined until `load` has succeeded. */
  readonly cursor: AlarmCursor | undefined;
  /** Reads it from the store, the first time. Rejects with what the store says. */
  load(): Promise<AlarmCursor>;
  /** Moves forward, each part for itself; never back, and `sent` at least as far as `delivered`. */
  advance(reached: Partial<AlarmCursor>): void;
  /** Resolves when the store knows all. */
  idle(): Promise<void>;
  stop(): void;
}

export function createCursorKeeper({ outbox, clock, random, onTrouble }: CursorKeeperOptions): CursorKeeper {
  const settler = new Settler<AlarmCursor>({
    write: reached => outbox.settleAlarms(reached),
    merge: furthest,
    clock,
    random,
    onTrouble,
  });
  let cursor: AlarmCursor | undefined;
  return {
    get cursor() {
      return cursor;
    },
    async load() {
      cursor ??= await outbox.alarmCursor();
      return cursor;
    },
    advance({ sent = 0, delivered = 0 }) {
      const before = cursor ?? { sent: 0, delivered: 0 };
      const after = furthest(before, { sent: Math.max(sent, delivered), delivered });
      if (after.sent === before.sent && after.delivered === before.delivered) return;
      cursor = after;
      settler.add(after);
    },
    idle: () => settler.idle(),
    stop: () => settler.stop(),
  };
}

function furthest(a: AlarmCursor, b: AlarmCursor): AlarmCursor {
  return { sent: Math.max(a.sent, b.sent), delivered: Math.max(a.delivered, b.delivered) };
}
