import type { Clock, Timer } from '../base/clock.ts';

/** Gathers what comes one by one and hands it on together: two hundred devices end their minute within a second. */
export interface Gathering<Item> {
  add(item: Item): void;
  /** Hands on at once what there is. */
  flush(): void;
}

export interface GatheringOptions<Item> {
  readonly clock: Clock;
  /** How long the first item waits for others. */
  readonly waitMs: number;
  /** More than this many are handed on without waiting. */
  readonly mostItems: number;
  readonly onItems: (items: readonly Item[]) => void;
}

export function createGathering<Item>({ clock, waitMs, mostItems, onItems }: GatheringOptions<Item>): Gathering<Item> {
  let items: Item[] = [];
  let timer: Timer | undefined;

  function flush(): void {
    timer?.cancel();
    timer = undefined;
    const gathered = items;
    items = [];
    if (gathered.length > 0) onItems(gathered);
  }

  return {
    add(item) {
      items.push(item);
      if (items.length >= mostItems) flush();
      else timer ??= clock.at(clock.monoMs() + waitMs, flush);
    },
    flush,
  };
}
