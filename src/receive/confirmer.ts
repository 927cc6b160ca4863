import { confirmedId, type Watermark } from './watermark.ts';

/** Tells gateways what has arrived, in batches: one message for each gateway that was heard, however much it sent. */
export interface Confirmer {
  /** Alarm events of this gateway arrived, or it is back and may have missed what was said before. True: flush now. */
  note(gateway: string, events: number): boolean;
  /** Says what was not said yet. What cannot be said stays for the next time. */
  flush(): Promise<void>;
}

/** So many events are confirmed at once, without waiting for the next second. */
const mostUnconfirmed = 100;

export function createConfirmer(options: {
  readonly marks: () => ReadonlyMap<string, Watermark>;
  /** Resolves to false when it could not be said. */
  readonly publish: (gateway: string, payload: string) => Promise<boolean>;
}): Confirmer {
  const waiting = new Set<string>();
  let unconfirmed = 0;

  async function confirm(gateway: string): Promise<void> {
    const mark = options.marks().get(gateway);
    if (mark === undefined) return;
    const isSaid = await options.publish(gateway, JSON.stringify({ id: confirmedId(mark) }));
    if (!isSaid) waiting.add(gateway);
  }

  return {
    note(gateway, events) {
      waiting.add(gateway);
      unconfirmed += events;
      return unconfirmed >= mostUnconfirmed;
    },
    async flush() {
      const gateways = [...waiting];
      waiting.clear();
      unconfirmed = 0;
      await Promise.all(gateways.map(confirm));
    },
  };
}
