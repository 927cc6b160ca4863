import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { AlarmEvent } from '../model/alarm.ts';
import type { Site, UplinkSettings } from '../model/site.ts';
import type { History } from '../store/history/history.ts';
import type { Store } from '../store/store.ts';
import { createUplink, type RemoteControl, type UplinkOptions } from '../uplink/uplink.ts';
import { createUplinks, type Uplinks } from '../uplink/uplinks.ts';
import type { AlarmDesk } from './alarm-desk.ts';
import type { Audit } from './audit.ts';
import { createCommandMemory } from './command-memory.ts';
import { createOutbox } from './outbox.ts';

export interface PlantUplinksOptions {
  readonly gateway: Site['gateway'];
  readonly version: string;
  readonly plant: UplinkOptions['plant'];
  readonly store: Store;
  readonly history: History;
  readonly desk: Pick<AlarmDesk, 'states'>;
  readonly audit: Audit;
  readonly run: RemoteControl['run'];
  readonly isClockInDoubt: () => boolean;
  readonly onAcknowledged: (event: AlarmEvent, atMono: number) => void;
  /** Throws where it cannot be read. */
  readonly passwordOf: (settings: UplinkSettings) => string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Uplinks that send what the store and the history have, and whose platforms may do what the site file lets them. */
export function createPlantUplinks(options: PlantUplinksOptions): Uplinks {
  const { store, history, desk, audit, clock, run, isClockInDoubt, passwordOf, ...shared } = options;
  return createUplinks(settings => {
    const { id: uplink } = settings;
    const control: RemoteControl = {
      run,
      memory: createCommandMemory(store, uplink, clock),
      audit: entry => audit({ kind: 'command', who: `uplink ${uplink}`, body: entry }),
      isClockInDoubt,
    };
    const outbox = createOutbox({ store, history, standing: desk.states }, uplink);
    return createUplink({ ...shared, clock, outbox, control, settings, password: () => passwordOf(settings) });
  });
}
