import type { Outbox } from '../model/outbox.ts';
import type { Session } from './format.ts';
import type { LaneSource } from './lane.ts';

export interface StandingSource extends LaneSource {
  /** The alarms that stand are to be sent anew. */
  refresh(): void;
}

/**
 * The alarms that stand, once on each connection and whenever it is asked for. The set is taken at the moment at which
 * it is its turn: behind all events that it is made of.
 */
export function createStandingSource(outbox: Outbox, session: Session, longestBytes: () => number): StandingSource {
  let isWanted = true;
  let partsLeft = 0;
  return {
    name: 'standing',
    mostInFlight: 4,
    isBulk: true,
    // It is sent at each connection; one that nobody heard is no loss.
    needsSubscriber: false,
    grows: false,
    begin() {
      if (partsLeft > 0) isWanted = true;
      return 0;
    },
    async read() {
      if (!isWanted) return { parcels: [], end: 0, isLast: true };
      isWanted = false;
      const messages = session.standing(outbox.standing(), longestBytes());
      partsLeft = messages.length;
      return {
        parcels: messages.map(message => ({ numbers: [], messages: [message], event: undefined })),
        end: 0,
        isLast: true,
      };
    },
    settle() {
      partsLeft -= 1;
    },
    refresh() {
      isWanted = true;
    },
    notBeforeMono: () => 0,
    spend() {},
    cutSmaller() {},
  };
}
