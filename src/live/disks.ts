import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { AlarmState } from '../model/alarm.ts';
import type { Site } from '../model/site.ts';
import type { TimeStamp } from '../model/time.ts';
import { type History, openHistory, type UplinkNeed } from '../store/history/history.ts';
import { openStore, type Store } from '../store/store.ts';
import { createRoomMaker } from './room-maker.ts';
import { shareStore } from './store-shares.ts';

/** All that lies on the disk: the alarms, and the history that gives them its room. */
export interface Disks {
  readonly store: Store;
  readonly history: History;
  /** Alarms that were not normal when the process before ended. */
  readonly states: readonly AlarmState[];
  /** The last that is known of it. */
  readonly lastSign: TimeStamp | undefined;
  /** Sizes and uplinks are those of this site from now on. */
  replace(site: DiskSite): Promise<void>;
  /** What was handed over is written first. */
  close(): Promise<void>;
}

type DiskSite = Pick<Site, 'store' | 'uplinks'>;

export interface DisksOptions {
  readonly folder: string;
  readonly site: DiskSite;
  readonly clock: Clock;
  readonly log: Log;
  /** There is more to send. */
  readonly onMore: () => void;
}

/** Throws PlantroomError `storage` where the alarms cannot be stored at all. */
export async function openDisks({ folder, site, clock, log, onMore }: DisksOptions): Promise<Disks> {
  const { alarmBytes, historyBytes } = shareStore(site.store.sizeBytes);
  const limits = { databaseBytes: alarmBytes };
  const store = await openStore({ folder, clock, log, limits, onUnstored: onMore });
  await store.useUplinks(idsOf(site));
  const states = await store.alarmStates();
  const [newest] = await store.alarmLog({ limit: 1 });
  const sized = { sizeBytes: historyBytes, uplinks: summaryNeeds(site) };
  const history = openHistory({ folder, ...sized, clock, log, onWritten: onMore });
  const roomMaker = createRoomMaker({ clock, store, history });
  return {
    store,
    history,
    states,
    lastSign: newest?.stamp,
    async replace(newSite) {
      history.useUplinks(summaryNeeds(newSite));
      history.resize(shareStore(newSite.store.sizeBytes).historyBytes);
      await store.useUplinks(idsOf(newSite));
    },
    async close() {
      roomMaker.stop();
      await Promise.all([store.close(), history.close()]);
    },
  };
}

function idsOf({ uplinks }: DiskSite): string[] {
  return uplinks.map(({ id }) => id);
}

/** Uplinks that send summaries. */
function summaryNeeds({ uplinks }: DiskSite): UplinkNeed[] {
  return uplinks.flatMap(({ id, summaries }) => (summaries ? [{ id, span: summaries }] : []));
}
