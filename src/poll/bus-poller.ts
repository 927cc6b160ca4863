import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Answer, OpenBus, Push, Question, ReadOutcome } from '../driver.ts';
import { type Bus, endpointOf, isOfPlant } from '../model/bus.ts';
import type { Device } from '../model/device.ts';
import type { SampleBatch } from '../model/point.ts';
import type { BusView, DeviceView } from '../model/view.ts';
import type { PlannedRead } from './batch.ts';
import { loadOf, type RepeatedRead, repeatedRead } from './bus-load.ts';
import { createBusyMeter } from './busy-meter.ts';
import { advanceCadence, dropLost, shareOf } from './cadence.ts';
import { createDelivery } from './delivery.ts';
import {
  deviceView,
  isOffline,
  nextTimeoutMs,
  type PolledDevice,
  polledDevice,
  putOffFullTimeout,
} from './polled-device.ts';
import { createPushDesk } from './push-desk.ts';
import { createQuestionDesk, type WaitingQuestion } from './question-desk.ts';
import { turnaroundMsOf } from './response-time.ts';
import { createRollCall } from './roll-call.ts';
import {
  type AlarmedPoints,
  createTurnKeeper,
  type Group,
  groupsOf,
  isLost,
  mayPlanBetter,
  mayReplan,
  nextDueMono,
  oweMissed,
  planSlots,
  replanSlot,
  type Slot,
  timerResolutionMs,
} from './turn.ts';

export interface BusPollerOptions {
  readonly bus: Bus;
  readonly openBus: OpenBus;
  readonly devices: readonly Device[];
  /** Numbers of the points that alarms need. */
  readonly alarmed: AlarmedPoints;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called synchronously for every batch, be it good or bad; the batch is reused afterwards. */
  readonly onBatch: (batch: SampleBatch) => void;
  /** How late the first read of a due time began, ms. */
  readonly onLateness: (latenessMs: number) => void;
}

/** The one owner of a bus: makes the reads of all its devices, what alarms need before the rest, the most urgent first. */
export interface BusPoller {
  start(): void;
  /** Resolves when the bus is closed; of a read under way nothing is heard any more. */
  stop(): Promise<void>;
  /**
   * Asks what a person wants to know, in a place between two reads. While reads are due every second request is a read,
   * so that no scan starves the polling. Never rejects: a bus that is stopped, or has no place left, says so.
   */
  ask(question: Question, timeoutMs: number): Promise<Answer>;
  /** Other points are needed by alarms from now on. The polling goes on as it is. */
  setAlarmed(alarmed: AlarmedPoints): void;
  /** Forgets what was learned of a device. False when it is not on this bus. */
  forget(deviceId: string): boolean;
  busView(): BusView;
  deviceViews(): readonly DeviceView[];
}

/**
 * When reads are planned anew for the response times measured by then: soon after the start, and then now and then. Each
 * bus at a time of its own within the first of these, for two hundred at once would hold up the reads.
 */
const firstReplanMs = 60_000;
const replanMs = 10 * 60_000;

export function createBusPoller(options: BusPollerOptions): BusPoller {
  const { bus, openBus, clock, random, log, onLateness } = options;
  const startMono = clock.monoMs();
  const owners = options.devices.map(device => polledDevice(device, bus, options.devices));
  const slots = planSlots(bus.id, openBus, owners, options.alarmed, startMono);
  const turns = createTurnKeeper(openBus.deviceWindow);
  const busy = createBusyMeter(startMono);
  const roll = createRollCall({
    bus,
    owners,
    startMono,
    random,
    log,
    onReturn: (owner, nowMono) => oweMissed(groups, owner, nowMono),
  });
  const counts = { readsDue: 0, readsDone: 0, readsFailed: 0, readsMissed: 0 };
  const delivery = createDelivery(openBus, clock, options.onBatch);
  const desk = createQuestionDesk(wake);
  const takePush = createPushDesk(delivery);
  let groups = groupsOf(slots);
  let { alarmed } = options;
  let replanMono = startMono + firstReplanMs * (1 + shareOf(bus.id));
  let hasStaleSlots = false;
  let isStarted = false;
  let isStopped = false;
  /** Requests on the wire, and since when there has been one. */
  let underWay = 0;
  let busySinceMono = 0;
  /** The silence after the last answer is over. */
  let takenUntilMono = 0;
  let wasQuestion = false;
  let alarm: Timer | undefined;

  /** Sends what comes next, as much as the bus takes; then looks at the last answer; and waits when nothing is due. */
  function goOn(): void {
    while (!isStopped && underWay < openBus.window && startNext(clock.monoMs()));
    delivery.handOver();
    alarm?.cancel();
    alarm = undefined;
    if (!isStopped && underWay < openBus.window)
      sleepUntil(Math.min(nextDueMono(groups, openBus.deviceWindow), roll.nextProbeMono()));
  }

  /** False when there is nothing to do. */
  function startNext(nowMono: number): boolean {
    tidySlots(nowMono);
    for (const group of groups) if (isLost(group, nowMono)) tellLost(group, nowMono);
    const group = turns.next(groups, nowMono);
    const waiting = group && wasQuestion ? undefined : desk.next();
    if (waiting) {
      askForPerson(waiting, nowMono);
      return true;
    }
    const probed = roll.dueProbe(nowMono);
    if (probed) probe(probed, nowMono);
    else if (group && isOffline(group.owner)) skipDue(group, nowMono);
    else if (group) readNext(group, nowMono);
    return probed !== undefined || group !== undefined;
  }

  function askForPerson({ question, timeoutMs, onAnswer }: WaitingQuestion, startMono: number): void {
    // The driver keeps the last answer only until the next question.
    delivery.handOver();
    occupy(startMono);
    wasQuestion = true;
    openBus.ask(question, timeoutMs, answer => {
      release(clock.monoMs(), answer.kind !== 'failed');
      onAnswer(answer);
      goOn();
    });
  }

  function readNext(group: Group, nowMono: number): void {
    const planned = group.reads[group.nextRead];
    if (!planned) return;
    if (group.nextRead === 0) beginDue(group, nowMono);
    group.nextRead += 1;
    request(group.owner, planned, group, nowMono);
  }

  /** A read of the points with the shortest interval, out of turn: whether the device is back must not wait for an hour. */
  function probe(owner: PolledDevice, nowMono: number): void {
    const own = groups.filter(group => group.owner === owner);
    const shortest = Math.min(...own.map(({ cadence }) => cadence.intervalMs));
    const planned = own.find(({ cadence }) => cadence.intervalMs === shortest)?.reads[0];
    assert(planned, `${owner.device.id} is absent but was never asked`);
    counts.readsDue += 1;
    request(owner, planned, undefined, nowMono);
    if (nowMono >= owner.fullMono) putOffFullTimeout(owner, nowMono);
  }

  /** The next request goes out before the last answer is looked at: the device works while we do. */
  function request(owner: PolledDevice, planned: PlannedRead, group: Group | undefined, startMono: number): void {
    const timeoutMs = nextTimeoutMs(owner, startMono);
    occupy(startMono);
    wasQuestion = false;
    owner.underWay += 1;
    if (group) group.underWay += 1;
    openBus.read(planned.read, timeoutMs, outcome => {
      release(outcome.atMono, outcome.kind === 'answered');
      owner.underWay -= 1;
      // A read that ended because we are stopping says nothing about the device.
      if (isStopped) return;
      takeOutcome(owner, planned, outcome);
      roll.learn(owner, outcome, startMono, group === undefined);
      if (group) endRead(group);
      // With several requests under way the driver has decoded the answer already.
      if (openBus.window > 1) delivery.handOver();
      goOn();
    });
  }

  /** By what the device is known to take, once it was heard. */
  function repeatedReadsOf({ owner, reads, cadence }: Group): RepeatedRead[] {
    const turnaroundMs = turnaroundMsOf(owner.response, openBus.silences);
    return reads.map(({ read }) => repeatedRead(bus, read, cadence.intervalMs, turnaroundMs));
  }

  /** A request that has to wait for the silence after the last answer begins when that is over. */
  function occupy(nowMono: number): void {
    if (underWay === 0) busySinceMono = Math.max(nowMono, takenUntilMono);
    underWay += 1;
  }

  /** After an answer nobody may have the bus before it was silent; after a timeout it has been. */
  function release(nowMono: number, isAnswered: boolean): void {
    underWay -= 1;
    if (underWay > 0) return;
    takenUntilMono = Math.max(busySinceMono, isAnswered ? nowMono + openBus.silences.afterAnswerMs : nowMono);
    busy.add(busySinceMono, takenUntilMono);
  }

  /** A device was heard without being asked: one that was called absent is probed now. */
  function onPush(push: Push): void {
    const owner = owners.find(({ device }) => device.number === push.device.number);
    if (isStopped || !owner) return;
    roll.hear(owner, push.atMono);
    takePush(push);
    if (isOffline(owner)) wake();
  }

  function wake(): void {
    if (isStarted && underWay < openBus.window) goOn();
  }

  function sleepUntil(dueMono: number): void {
    if (dueMono !== Number.POSITIVE_INFINITY) alarm = clock.at(dueMono, goOn);
  }

  function beginDue(group: Group, nowMono: number): void {
    counts.readsDue += group.reads.length;
    const { dueMono } = group.cadence;
    if (dueMono < nowMono + timerResolutionMs) {
      group.isOwed = false;
      onLateness(Math.max(0, nowMono - dueMono));
    }
  }

  function endRead(group: Group): void {
    group.underWay -= 1;
    if (group.nextRead >= group.reads.length && group.underWay === 0) endDue(group);
  }

  function endDue(group: Group): void {
    group.nextRead = 0;
    if (!group.isOwed) advanceCadence(group.cadence);
    group.isOwed = false;
    group.waitsSinceMono = group.cadence.dueMono;
  }

  /**
   * However many due times were lost in a row, one bad sample tells it: the bus had no time, or the device was not to be
   * asked since the answer to an earlier request was outstanding.
   */
  function tellLost({ owner, cadence, reads }: Group, nowMono: number): void {
    const readsLost = dropLost(cadence, nowMono) * reads.length;
    counts.readsDue += readsLost;
    counts.readsMissed += readsLost;
    owner.readsMissed += readsLost;
    const reason = owner.restsUntilMono > cadence.dueMono - cadence.intervalMs ? 'timeout' : 'overrun';
    for (const { batch } of reads) delivery.spoil(batch, reason, nowMono);
  }

  /** The device is offline: what is left of this due time is bad without a word on the wire. */
  function skipDue(group: Group, nowMono: number): void {
    if (group.nextRead === 0) beginDue(group, nowMono);
    for (const { batch } of group.reads.slice(group.nextRead)) {
      counts.readsFailed += 1;
      group.owner.readsFailed += 1;
      delivery.spoil(batch, 'offline', nowMono);
    }
    group.nextRead = group.reads.length;
    if (group.underWay === 0) endDue(group);
  }

  function takeOutcome(owner: PolledDevice, planned: PlannedRead, outcome: ReadOutcome): void {
    if (outcome.kind === 'answered') {
      counts.readsDone += 1;
      owner.readsDone += 1;
    } else {
      owner.restsUntilMono = openBus.restsUntilMono(owner.device);
      counts.readsFailed += 1;
      owner.readsFailed += 1;
      owner.lastFailure = `${planned.read.label}: ${outcome.detail}`;
    }
    delivery.take(planned, outcome);
  }

  function tidySlots(nowMono: number): void {
    if (nowMono >= replanMono) {
      replanMono = nowMono + replanMs;
      markStale(slot => mayPlanBetter(slot, openBus));
    }
    if (!hasStaleSlots) return;
    for (const slot of slots) if (mayReplan(slot)) replanSlot(slot, openBus, alarmed);
    hasStaleSlots = slots.some(({ isStale }) => isStale);
    groups = groupsOf(slots);
  }

  function markStale(isStale: (slot: Slot) => boolean): void {
    hasStaleSlots = true;
    for (const slot of slots) slot.isStale ||= isStale(slot);
  }

  openBus.listen?.(onPush);

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
    setAlarmed(points) {
      markStale(slot => slot.points.some(({ number }) => alarmed.has(number) !== points.has(number)));
      alarmed = points;
    },
    forget(deviceId) {
      const owner = owners.find(({ device }) => device.id === deviceId);
      const planned = groups.filter(group => group.owner === owner).flatMap(({ reads }) => reads);
      if (owner)
        openBus.forget(
          owner.device,
          planned.map(({ read }) => read),
        );
      return owner !== undefined;
    },
    busView: () => ({
      id: bus.id,
      protocol: bus.protocol,
      endpoint: endpointOf(bus),
      ...counts,
      load: busy.share(clock.monoMs()),
      deadShare: roll.deadShare(clock.monoMs()),
      predictedLoad: isOfPlant(bus) ? loadOf(bus, groups.flatMap(repeatedReadsOf)) : 0,
    }),
    deviceViews: () => owners.map(owner => deviceView(owner, clock.monoMs(), openBus.describe?.(owner.device) ?? [])),
  };
}
