import type { AlarmEvent } from '../model/alarm.ts';
import type { AlarmCursor } from '../model/outbox.ts';
import type { AlarmWork, NumberQuery } from './messages.ts';

export interface AlarmReaderOptions {
  /** The disk refuses or hangs: what waits for it is given from memory. */
  readonly isFailing: () => boolean;
  /** What waits for the disk, in the order of its numbers. */
  readonly waiting: () => Iterable<AlarmWork>;
  /** Number of the newest event that is on the disk. */
  readonly lastStored: () => number;
  /** What is on the disk, where all of it is at hand. */
  readonly recent: (query: NumberQuery) => readonly AlarmEvent[] | undefined;
  readonly read: (query: NumberQuery) => Promise<readonly AlarmEvent[]>;
}

/**
 * Reads alarm events for the uplinks: from the disk and, while that fails, from what waits for it. An alarm must not wait
 * for a broken disk, but what is passed over because the disk cannot be read must not count as sent either.
 */
export class AlarmReader {
  readonly #options: AlarmReaderOptions;
  /** By uplink: its cursor stays here, since events above this number could not be read. */
  readonly #passedOver = new Map<string, number>();

  constructor(options: AlarmReaderOptions) {
    this.#options = options;
  }

  async read(uplink: string, query: NumberQuery): Promise<readonly AlarmEvent[]> {
    const recent = this.#recent(uplink, query);
    if (recent) return recent;
    // Memory first: an event that is committed in between is then in both, and none is in neither.
    const waiting = this.#waitingAfter(query);
    try {
      const onDisk = await this.#options.read(query);
      this.#forgetPassedOver(uplink, query, onDisk);
      return joinEvents(onDisk, waiting, query.limit);
    } catch (error) {
      const inMemory = this.#waitingAfter(query);
      if (inMemory.length === 0) throw error;
      if (query.after < this.#options.lastStored()) this.#passOver(uplink, query.after);
      return inMemory;
    }
  }

  /** What a failing disk owes, and what was passed over because of it, is put together from both. */
  #recent(uplink: string, query: NumberQuery): readonly AlarmEvent[] | undefined {
    const { isFailing, recent } = this.#options;
    return isFailing() || this.#passedOver.has(uplink) ? undefined : recent(query);
  }

  /** As far as the uplink may be said to have come. */
  cut(uplink: string, { sent, delivered }: AlarmCursor): AlarmCursor {
    const limit = this.#passedOver.get(uplink) ?? Number.POSITIVE_INFINITY;
    return { sent: Math.min(sent, limit), delivered: Math.min(delivered, limit) };
  }

  /** Once the uplink has been given what it was passed over: a look at something older does not count. */
  #forgetPassedOver(uplink: string, { after, limit }: NumberQuery, onDisk: readonly AlarmEvent[]): void {
    const place = this.#passedOver.get(uplink);
    if (place === undefined || after > place) return;
    const last = onDisk.length < limit ? Number.POSITIVE_INFINITY : (onDisk.at(-1)?.number ?? 0);
    if (last > place) this.#passedOver.delete(uplink);
  }

  #passOver(uplink: string, after: number): void {
    this.#passedOver.set(uplink, Math.min(after, this.#passedOver.get(uplink) ?? after));
  }

  #waitingAfter({ after, limit }: NumberQuery): AlarmEvent[] {
    return this.#options.isFailing() ? waitingAfter(this.#options.waiting(), after, limit) : [];
  }
}

/** The first `limit` events with a number above `after`, in order. */
function waitingAfter(works: Iterable<AlarmWork>, after: number, limit: number): AlarmEvent[] {
  const found: AlarmEvent[] = [];
  for (const { events } of works) {
    for (const event of events) {
      if (found.length === limit) return found;
      if (event.number > after) found.push(event);
    }
  }
  return found;
}

function joinEvents(
  onDisk: readonly AlarmEvent[],
  waiting: readonly AlarmEvent[],
  limit: number,
): readonly AlarmEvent[] {
  const last = onDisk.at(-1)?.number ?? 0;
  return [...onDisk, ...waiting.filter(({ number }) => number > last)].slice(0, limit);
}
