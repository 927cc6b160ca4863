import type { UplinkSettings } from '../model/site.ts';
import type { Uplink, UplinkFigures } from './uplink.ts';

/** All uplinks of a site. */
export interface Uplinks {
  /** Makes it so that these run: what is new or changed is begun, what is gone is ended, the others notice nothing. */
  replace(wanted: readonly UplinkSettings[]): Promise<void>;
  /** The outbox has something new. */
  notify(): void;
  /** What birth messages tell of the plant has changed. */
  rebirth(): void;
  refresh(): void;
  stop(): Promise<void>;
  /** In the order of the site file. */
  figures(): readonly UplinkNow[];
}

export interface UplinkNow {
  readonly settings: UplinkSettings;
  readonly figures: UplinkFigures;
}

interface Open {
  readonly settings: UplinkSettings;
  readonly uplink: Uplink;
}

export function createUplinks(openUplink: (settings: UplinkSettings) => Uplink): Uplinks {
  let open: readonly Open[] = [];

  async function replace(wanted: readonly UplinkSettings[]): Promise<void> {
    const before = open;
    const kept = new Map(wanted.map(settings => [settings, before.find(other => isSame(other.settings, settings))]));
    const staying = new Set(kept.values());
    open = before.filter(other => staying.has(other));
    // Two with the same place in the outbox must never run at once.
    await Promise.all(before.filter(other => !staying.has(other)).map(({ uplink }) => uplink.stop()));
    open = wanted.map(settings => kept.get(settings) ?? { settings, uplink: openUplink(settings) });
    for (const { uplink } of open) uplink.start();
  }

  return {
    replace,
    notify() {
      for (const { uplink } of open) uplink.notify();
    },
    rebirth() {
      for (const { uplink } of open) uplink.rebirth();
    },
    refresh() {
      for (const { uplink } of open) uplink.refresh();
    },
    stop: () => replace([]),
    figures: () => open.map(({ settings, uplink }) => ({ settings, figures: uplink.figures() })),
  };
}

function isSame(a: UplinkSettings, b: UplinkSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
