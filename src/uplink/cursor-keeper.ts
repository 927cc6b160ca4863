import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { AlarmCursor, Outbox } from '../model/outbox.ts';
import { Settler } from './settler.ts';

export interface CursorKeeperOptions {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly onTrouble: (text: string | undefined) => void;
  /**
   * The store has taken less than it was told. It could not read the disk for a while, gave out only what it had in memory,
   * and says so: what was passed over is still to be sent, and what comes behind it too.
   */
  readonly onHeldBack: () => void;
}

/**
 * How far this uplink has come with the alarm log. The store is told as fast as it can listen; that it is slow or refuses to
 * listen is no reason to send anything twice while the process lives.
 */
export interface CursorKeeper {
  /** Undefined until `load` has succeeded. */
  readonly cursor: AlarmCursor | undefined;
  /**
   * Reads it from the store, which may have held it back, unless the store is still to be told of it. Rejects with what
   * the store says.
   */
  load(): Promise<AlarmCursor>;
  /** Moves forward, each part for itself; never back, and `sent` at least as far as `delivered`. */
  advance(reached: Partial<AlarmCursor>): void;
  /** Resolves when the store knows all. */
  idle(): Promise<void>;
  stop(): void;
}

export function createCursorKeeper({
  outbox,
  clock,
  random,
  onTrouble,
  onHeldBack,
}: CursorKeeperOptions): CursorKeeper {
  const settler = new Settler<AlarmCursor>({
    async write(reached) {
      await outbox.settleAlarms(reached);
      const { sent } = await outbox.alarmCursor();
      if (sent < reached.sent) onHeldBack();
    },
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
      const stored = await outbox.alarmCursor();
      if (settler.isIdle || !cursor) cursor = stored;
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
