import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Answer, OpenBus, Question, ReadOutcome } from '../driver.ts';
import { type Bus, endpointOf, isModbus } from '../model/bus.ts';
import type { Device } from '../model/device.ts';
import type { SampleBatch } from '../model/point.ts';
import type { BusView, DeviceView } from '../model/view.ts';
import { createBusyMeter } from './busy-meter.ts';
import { advanceCadence } from './cadence.ts';
import { mayAsk, stepHealth } from './device-health.ts';
import { createQuestionDesk, type WaitingQuestion } from './question-desk.ts';
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
  /** Resolves when the bus is closed; of a read under way nothing is heard any more. */
  stop(): Promise<void>;
  /**
   * Asks what a person wants to know, in a place between two reads. While reads are due every second request is a read,
   * so that no scan starves the polling. Never rejects: a bus that is stopped, or has no place left, says so.
   */
  ask(question: Question, timeoutMs: number): Promise<Answer>;
  busView(): BusView;
  deviceViews(): readonly DeviceView[];
}

export function createBusPoller(options: BusPollerOptions): BusPoller {
  const { bus, openBus, clock, random, log, onBatch, onLateness } = options;
  const owners = options.devices.map(polledDevice);
  const groups = planGroups(openBus, owners, clock.monoMs());
  const busy = createBusyMeter(clock.monoMs());
  const counts = { readsDue: 0, readsDone: 0, readsFailed: 0, readsMissed: 0 };
  const desk = createQuestionDesk(wake);
  let isStarted = false;
  let isStopped = false;
  let isUnderWay = false;
  let wasQuestion = false;
  /** What the last read brought, until it is handed over. */
  let unseen: PlannedRead | undefined;
  let alarm: Timer | undefined;

  /** Starts the read that comes next, or waits until one is due. */
  function goOn(): void {
    while (!isStopped) {
      const nowMono = clock.monoMs();
      const group = mostUrgent(groups, nowMono);
      const planned = group?.reads[group.nextRead];
      const waiting = group && wasQuestion ? undefined : desk.next();
      if (waiting) {
        askForPerson(waiting, nowMono);
        return;
      }
      if (!group || !planned) {
        handOver();
        sleepUntil(nextDueMono(groups));
        return;
      }
      if (group.nextRead === 0) beginDue(group, nowMono);
      if (mayAsk(group.owner.health, nowMono)) {
        ask(group, planned, nowMono);
        return;
      }
      handOver();
      skipRead(group, planned, nowMono);
      endRead(group, nowMono);
    }
  }

  function wake(): void {
    if (!isStarted || isUnderWay) return;
    alarm?.cancel();
    goOn();
  }

  function askForPerson({ question, timeoutMs, onAnswer }: WaitingQuestion, startMono: number): void {
    // The driver keeps the last answer only until the next question.
    handOver();
    isUnderWay = true;
    wasQuestion = true;
    openBus.ask(question, timeoutMs, answer => {
      isUnderWay = false;
      busy.add(startMono, clock.monoMs());
      onAnswer(answer);
      goOn();
    });
  }

  /** The next request goes out before the last answer is looked at: the device works while we do. */
  function ask(group: Group, planned: PlannedRead, startMono: number): void {
    isUnderWay = true;
    wasQuestion = false;
    openBus.read(planned.read, timeoutOf(group.owner), outcome => {
      isUnderWay = false;
      // A read that ended because we are stopping says nothing about the device.
      if (isStopped) return;
      takeOutcome(group, planned, outcome, startMono);
      endRead(group, outcome.atMono);
      goOn();
    });
    handOver();
  }

  function timeoutOf({ device }: PolledDevice): number {
    return device.timeoutMs ?? (isModbus(bus) ? bus.timeoutMs : 0);
  }

  function handOver(): void {
    if (!unseen) return;
    const { read, batch } = unseen;
    if (batch.isAnswered) {
      openBus.decode(read);
      fillBatch(unseen);
    }
    unseen = undefined;
    onBatch(batch);
  }

  function sleepUntil(dueMono: number): void {
    if (dueMono !== Number.POSITIVE_INFINITY) alarm = clock.at(dueMono, goOn);
  }

  function beginDue(group: Group, nowMono: number): void {
    counts.readsDue += group.reads.length;
    onLateness(Math.max(0, nowMono - group.cadence.dueMono));
  }

  function endRead(group: Group, nowMono: number): void {
    group.nextRead += 1;
    if (group.nextRead < group.reads.length) return;
    group.nextRead = 0;
    const lost = advanceCadence(group.cadence, nowMono);
    if (lost > 0) tellLost(group, lost * group.reads.length, nowMono);
  }

  /** However many due times were lost in a row, one bad sample tells it. */
  function tellLost({ owner, reads }: Group, readsLost: number, nowMono: number): void {
    counts.readsDue += readsLost;
    counts.readsMissed += readsLost;
    owner.readsMissed += readsLost;
    handOver();
    for (const { batch } of reads) {
      stamp(batch, nowMono);
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
      planned.batch.isAnswered = true;
    } else {
      counts.readsFailed += 1;
      owner.readsFailed += 1;
      owner.lastFailure = `${planned.read.label}: ${outcome.detail}`;
      spoilBatch(planned.batch, outcome.reason);
    }
    unseen = planned;
    tellHealth(owner, wasOffline);
  }

  /** The device is offline and no probe is due: its points are bad without a word on the wire. */
  function skipRead({ owner }: Group, { batch }: PlannedRead, nowMono: number): void {
    counts.readsFailed += 1;
    owner.readsFailed += 1;
    stamp(batch, nowMono);
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
    batch.sampledAt = Math.round(clock.wallMs() - (clock.monoMs() - atMono));
  }

  return {
    start() {
      isStarted = true;
      goOn();
    },
    async stop() {
      isStopped = true;
      alarm?.cancel();
      desk.close();
      // This ends a read that waits for an answer that may never come.
      await openBus.close();
    },
    ask: desk.ask,
    busView: () => ({
      id: bus.id,
      protocol: bus.protocol,
      endpoint: endpointOf(bus),
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
