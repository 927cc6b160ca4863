import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { OpenBus, ReadOutcome } from '../driver.ts';
import type { Bus } from '../model/bus.ts';
import type { Device } from '../model/device.ts';
import type { SampleBatch } from '../model/point.ts';
import type { BusView, DeviceView } from '../model/view.ts';
import { createBusyMeter } from './busy-meter.ts';
import { advanceCadence } from './cadence.ts';
import { mayAsk, stepHealth } from './device-health.ts';
import {
  type Batch,
  fillBatch,
  type Group,
  mostUrgent,
  nextDueMono,
  type PlannedRead,
  type PolledDevice,
  planGroups,
  polledDevice,
  spoilBatch,
} from './turn.ts';

export interface BusPollerOptions {
  readonly bus: Bus;
  readonly openBus: OpenBus;
  readonly devices: readonly Device[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called synchronously for every batch, be it good or bad; the batch is reused afterwards. */
  readonly onBatch: (batch: SampleBatch) => void;
  /** How late the first read of a due time began, ms. */
  readonly onLateness: (latenessMs: number) => void;
}

/** The one owner of a bus: makes the reads of all its devices, one at a time, the most urgent first. */
export interface BusPoller {
  start(): void;
  /** Resolves when the read under way has ended and the bus is closed. */
  stop(): Promise<void>;
  busView(): BusView;
  deviceViews(): readonly DeviceView[];
}

export function createBusPoller(options: BusPollerOptions): BusPoller {
  const { bus, openBus, clock, random, log, onBatch, onLateness } = options;
  const owners = options.devices.map(polledDevice);
  const groups = planGroups(openBus, owners, clock.monoMs());
  const busy = createBusyMeter(clock.monoMs());
  const counts = { readsDue: 0, readsDone: 0, readsFailed: 0, readsMissed: 0 };
  let isStopped = false;
  /** What the last answer brought, until it is handed over. */
  let unseen: Batch | undefined;
  let wake: (() => void) | undefined;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!isStopped) {
      const group = mostUrgent(groups, clock.monoMs());
      const planned = group?.reads[group.nextRead];
      if (group && planned) await takeTurn(group, planned);
      else {
        handOver();
        await sleepUntil(nextDueMono(groups));
      }
    }
  }

  /** The next request goes out before the last answer is looked at: the device works while we do. */
  function takeTurn(group: Group, planned: PlannedRead): Promise<void> | undefined {
    if (group.nextRead === 0) beginDue(group);
    const startMono = clock.monoMs();
    if (!mayAsk(group.owner.health, startMono)) {
      handOver();
      skipRead(group, planned);
      endRead(group);
      return undefined;
    }
    const reading = openBus.read(planned.read);
    handOver();
    return reading.then(outcome => {
      // A read that ended because we are stopping says nothing about the device.
      if (isStopped) return;
      takeOutcome(group, planned, outcome, startMono);
      endRead(group);
    });
  }

  function handOver(): void {
    const batch = unseen;
    unseen = undefined;
    if (batch) onBatch(batch);
  }

  function sleepUntil(dueMono: number): Promise<void> {
    return new Promise(resolve => {
      let timer: Timer | undefined;
      wake = () => {
        timer?.cancel();
        resolve();
      };
      if (dueMono !== Number.POSITIVE_INFINITY) timer = clock.at(dueMono, resolve);
    });
  }

  function beginDue(group: Group): void {
    counts.readsDue += group.reads.length;
    onLateness(Math.max(0, clock.monoMs() - group.cadence.dueMono));
  }

  function endRead(group: Group): void {
    group.nextRead += 1;
    if (group.nextRead < group.reads.length) return;
    group.nextRead = 0;
    const lost = advanceCadence(group.cadence, clock.monoMs());
    if (lost > 0) tellLost(group, lost * group.reads.length);
  }

  /** However many due times were lost in a row, one bad sample tells it. */
  function tellLost({ owner, reads }: Group, readsLost: number): void {
    counts.readsDue += readsLost;
    counts.readsMissed += readsLost;
    owner.readsMissed += readsLost;
    handOver();
    for (const { batch } of reads) {
      stamp(batch, clock.monoMs());
      spoilBatch(batch, 'overrun');
      onBatch(batch);
    }
  }

  function takeOutcome({ owner }: Group, planned: PlannedRead, outcome: ReadOutcome, startMono: number): void {
    const wasOffline = owner.health.kind === 'offline';
    busy.add(startMono, outcome.atMono);
    owner.health = stepHealth(owner.health, outcome.kind === 'answered', outcome.atMono, random);
    stamp(planned.batch, outcome.atMono);
    if (outcome.kind === 'answered') {
      counts.readsDone += 1;
      owner.readsDone += 1;
      fillBatch(planned);
    } else {
      counts.readsFailed += 1;
      owner.readsFailed += 1;
      owner.lastFailure = `${planned.read.label}: ${outcome.detail}`;
      spoilBatch(planned.batch, outcome.reason);
    }
    unseen = planned.batch;
    tellHealth(owner, wasOffline);
  }

  /** The device is offline and no probe is due: its points are bad without a word on the wire. */
  function skipRead({ owner }: Group, { batch }: PlannedRead): void {
    counts.readsFailed += 1;
    owner.readsFailed += 1;
    stamp(batch, clock.monoMs());
    spoilBatch(batch, 'offline');
    onBatch(batch);
  }

  /** One log line per change of state, not per failed read. */
  function tellHealth(owner: PolledDevice, wasOffline: boolean): void {
    const isOffline = owner.health.kind === 'offline';
    if (isOffline === wasOffline) return;
    const { id: device } = owner.device;
    if (isOffline) log.warn({ device, failure: owner.lastFailure }, 'device does not answer');
    else log.info({ device }, 'device answers again');
  }

  function stamp(batch: Batch, atMono: number): void {
    batch.sampledAtMono = atMono;
    batch.sampledAt = clock.wallMs() - (clock.monoMs() - atMono);
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      isStopped = true;
      wake?.();
      // Closing first ends a read that waits for an answer that may never come.
      await openBus.close();
      await running;
    },
    busView: () => ({
      id: bus.id,
      protocol: bus.protocol,
      endpoint: bus.protocol === 'modbus-tcp' ? `${bus.host}:${bus.port}` : '',
      ...counts,
      load: busy.share(clock.monoMs()),
    }),
    deviceViews: () =>
      owners.map(owner => ({
        id: owner.device.id,
        name: owner.device.name,
        bus: bus.id,
        health: owner.health.kind,
        readsDone: owner.readsDone,
        readsFailed: owner.readsFailed,
        readsMissed: owner.readsMissed,
        lastFailure: owner.lastFailure,
      })),
  };
}
