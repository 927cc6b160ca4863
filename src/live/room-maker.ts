import type { Clock, Timer } from '../base/clock.ts';
import type { History } from '../store/history/history.ts';
import type { Store } from '../store/store.ts';

export interface RoomMakerOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'figures'>;
  readonly history: Pick<History, 'makeRoom'>;
  readonly everyMs?: number;
}

/** So much of the history goes at a time while alarms find no room on the disk. */
const roomBytes = 4_000_000;

const defaultEveryMs = 2_000;

/** Gives history up for alarms: on a disk that is full of it, they wait no longer than until the next look. */
export function createRoomMaker({ clock, store, history, everyMs = defaultEveryMs }: RoomMakerOptions) {
  let timer: Timer | undefined;
  let isMaking = false;

  function look(): void {
    timer = clock.at(clock.monoMs() + everyMs, look);
    const { state, lastFailure, waitingEvents } = store.figures();
    if (isMaking || state !== 'failing' || waitingEvents === 0 || !/\b(SQLITE_FULL|ENOSPC)\b/.test(lastFailure ?? ''))
      return;
    isMaking = true;
    history
      .makeRoom(roomBytes)
      // It cannot give what it has not, or does not answer: the next look asks again.
      .catch(() => 0)
      .finally(() => {
        isMaking = false;
      });
  }

  look();
  return {
    stop(): void {
      timer?.cancel();
    },
  };
}
