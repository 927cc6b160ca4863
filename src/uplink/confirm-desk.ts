import type { Outbox } from '../model/outbox.ts';
import type { CursorKeeper } from './cursor-keeper.ts';

export interface ConfirmDeskOptions {
  readonly outbox: Outbox;
  readonly keeper: CursorKeeper;
  /** `delivered` has moved. */
  readonly onConfirmed: () => void;
  /** Something was confirmed that we do not know; `reason` in words for the log. */
  readonly onIgnored: (reason: string) => void;
}

/** Takes the confirmations of the platform: the id of the last event that is safe with it. */
export interface ConfirmDesk {
  hear(eventId: string): void;
  /** Resolves when all that was heard is looked at. */
  idle(): Promise<void>;
}

/** `<store id>-<number>` */
const eventIdShape = /^[A-Za-z0-9_-]{1,64}-([1-9]\d{0,14})$/;

/**
 * An id counts only when the log has this very event: ids of another gateway, of a store that is gone, or of the future
 * change nothing. One is looked up at a time; of those that come meanwhile only the newest matters.
 */
export function createConfirmDesk({ outbox, keeper, onConfirmed, onIgnored }: ConfirmDeskOptions): ConfirmDesk {
  let next: string | undefined;
  let work: Promise<void> | undefined;

  async function lookUpAll(): Promise<void> {
    while (next !== undefined) {
      const eventId = next;
      next = undefined;
      await lookUp(eventId);
    }
    work = undefined;
  }

  async function lookUp(eventId: string): Promise<void> {
    const number = Number(eventIdShape.exec(eventId)?.[1]);
    if (Number.isNaN(number)) {
      onIgnored('a confirmation names no event id');
      return;
    }
    try {
      const { delivered } = await keeper.load();
      if (number <= delivered) return;
      const [event] = await outbox.readAlarms(number - 1, 1);
      if (event?.id !== eventId) {
        onIgnored('a confirmation names an event that is not in our log');
        return;
      }
      keeper.advance({ delivered: number });
      onConfirmed();
    } catch {
      // The disk refuses. The platform confirms again when it is sent something again.
      onIgnored('a confirmation could not be looked up in the store');
    }
  }

  return {
    hear(eventId) {
      next = eventId;
      work ??= lookUpAll();
    },
    async idle() {
      await work;
    },
  };
}
