import { createBacnetDriver } from '../../../drivers/bacnet/bacnet-driver.ts';
import { messageOf } from '../../../src/base/errors.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Random } from '../../../src/base/random.ts';
import type { Answer, BacnetQuestion, Push, Read } from '../../../src/driver.ts';
import { allBacnetFaults, type BacnetFault } from '../../../src/sim/bacnet/bacnet-fault.ts';
import type { IpAddress } from '../../../src/sim/bacnet/frame.ts';
import { bacnetBus } from '../../drivers/bacnet/driver-rig.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { below, damage, noise } from './damage.ts';
import { strayDatagrams } from './datagrams.ts';
import { fleet } from './fleet.ts';
import * as forged from './forgeries.ts';
import { bbmd, createPlant, type Flying, type PlantDevice, port, staleMs, strangers } from './plant.ts';
import { apduAtOf, isUnseenWhole, unseenSpans } from './spans.ts';
import { mostExamples, type Storm } from './storm.ts';

/*
 * Hostile datagrams at the whole driver, through its face: devices of every kind are read, asked and listened to while their answers
 * are damaged, lost, doubled, late and mixed with what others say. Each value says whose it is and of which time, so one of
 * anywhere else, or of an object that said it was broken, is seen.
 */

const timeoutMs = 1_000;
/** Hostile datagrams around a right one, at the most; the storm has gusts and lulls. */
const strengths = [1, 2, 6, 20] as const;
const mostQuestions = 3;

/** Faults that make a device say what is not so, or that the storm makes itself, knowing what it did. */
const leftOut: readonly BacnetFault[] = ['wrong-object', 'damaged', 'torn', 'duplicate-id', 'sensor-fault', 'moved'];
const faults = allBacnetFaults().filter(fault => !leftOut.includes(fault));

/** A read or a question. */
interface Pending {
  readonly what: string;
  readonly of: PlantDevice;
  readonly startMono: number;
  readonly readsBefore: number;
  isOver: boolean;
  /** An answer was damaged where nobody can see it. */
  isDoubtful: boolean;
  /** Told in that time, and judged then. */
  readonly told: Map<number, number | string>;
}

export function createDriverStorm(random: Random): Storm {
  const clock = new VirtualClock();
  const plant = createPlant(clock, random, fleet());
  const { devices, air } = plant;
  const ours = devices.filter(({ host }) => host !== strangers[0]);
  const examples: string[] = [];
  const tally = {
    ...{ datagrams: 0, reads: 0, questions: 0, settled: 0, right: 0, pushed: 0, bad: 0 },
    ...{ damagedInValue: 0, uncaught: 0, wrong: 0 },
  };
  const outcomes: Record<string, number> = {};
  const pending = new Set<Pending>();
  let plans = new Map<PlantDevice, readonly Read[]>();
  let isHearingDoubtful = false;
  let isCalm = false;
  let strength: number = strengths[0];
  const foreign = { ...bbmd, ttlMs: 60_000 };
  const bus = createBacnetDriver({ random, openPort: () => plant.port }).create({
    bus: bacnetBus({ timeoutMs, retries: 1, foreign, requestsInFlight: 16 }),
    clock,
    log: silentLog,
  });
  bus.listen?.(onPush);
  for (const one of ours) plans.set(one, bus.plan(one.device, one.device.points));

  function guard(what: string, act: () => void): void {
    try {
      act();
    } catch (thrown) {
      tally.uncaught += 1;
      examples.push(`${what}: ${messageOf(thrown)}`);
    }
  }

  function begin(what: string, of: PlantDevice): Pending {
    const one: Pending = {
      ...{ what, of, startMono: clock.monoMs(), readsBefore: plant.readsTo(of.host) },
      ...{ isOver: false, isDoubtful: false, told: new Map() },
    };
    pending.add(one);
    return one;
  }

  /** Once, and within a timeout to find the device and two for each request: one for its answer to begin, one to end. */
  function settle(one: Pending): void {
    if (one.isOver) examples.push(`${one.what} ended twice`);
    one.isOver = true;
    pending.delete(one);
    tally.settled += 1;
    const parts = plant.readsTo(one.of.host) - one.readsBefore;
    const tookMs = clock.monoMs() - one.startMono;
    if (tookMs > timeoutMs * (1 + 2 * parts) + 1) examples.push(`${one.what} took ${tookMs} ms for ${parts} requests`);
  }

  function judge(what: string, number: number, value: number | string, fromMono: number, isDoubtful: boolean): void {
    if (plant.wasTrue(number, value, fromMono)) tally.right += 1;
    else if (isDoubtful) tally.damagedInValue += 1;
    else {
      tally.wrong += 1;
      examples.push(`${what}: ${value} for point ${number} at ${clock.monoMs()}`);
    }
  }

  function onPush({ point, reading, device }: Push): void {
    tally.pushed += 1;
    if (reading.quality !== 'good') return;
    const value = reading.text ?? reading.value;
    for (const one of pending) if (one.of.device === device) one.told.set(point.number, value);
    judge(`${point.key} told`, point.number, value, clock.monoMs() - staleMs, isHearingDoubtful);
  }

  function startRead(of: PlantDevice, read: Read): void {
    const one = begin(`read of ${of.instance} ${read.label}`, of);
    tally.reads += 1;
    bus.read(read, timeoutMs, outcome => {
      settle(one);
      const end = outcome.kind === 'answered' ? 'answered' : outcome.reason;
      outcomes[end] = (outcomes[end] ?? 0) + 1;
      if (outcome.kind === 'answered') {
        bus.decode(read);
      }
      for (const [at, point] of read.points.entries()) {
        const { value, text, quality } = read.readings[at] ?? { value: 0, text: undefined, quality: 'not-read' };
        const now = text ?? value;
        if (quality !== 'good') tally.bad += 1;
        else if (outcome.kind !== 'answered') examples.push(`${one.what} failed with good readings`);
        else if (one.told.get(point.number) !== now) judge(one.what, point.number, now, one.startMono, one.isDoubtful);
        if (isCalm && quality !== 'good')
          examples.push(`after the storm ${point.key} is ${quality}: ${bus.describe?.(of.device).join('; ')}`);
      }
    });
    if (one.isOver) examples.push(`${one.what} ended before it returned`);
  }

  function ask(of: PlantDevice): void {
    const { instance, host, behind, device } = of;
    const place = { host, port, network: behind?.network ?? 0, mac: behind?.mac ?? '' };
    const one = begin(`question to ${instance}`, of);
    tally.questions += 1;
    const chance = random.next();
    const range = { low: below(random, 100_000), high: 100_000 + below(random, 4_000_000) };
    const wholes = device.points.filter(
      ({ address }) => address.protocol === 'bacnet' && address.part.kind === 'whole',
    );
    const points = wholes.slice(below(random, 3), 3 + below(random, 20));
    const properties = points.flatMap(({ address }) => (address.protocol === 'bacnet' ? address : []));
    const target =
      random.next() < 0.5 ? ({ kind: 'place', place } as const) : ({ kind: 'instance', instance } as const);
    const question: BacnetQuestion =
      chance < 0.3
        ? { kind: 'who-is', range: chance < 0.1 ? undefined : range, at: chance < 0.2 ? place : undefined }
        : { kind: 'bacnet-read', target, properties };
    bus.ask(question, timeoutMs, answer => {
      settle(one);
      takeAnswer(
        one,
        question,
        answer,
        points.map(({ number }) => number),
      );
    });
  }

  function takeAnswer(one: Pending, question: BacnetQuestion, answer: Answer, numbers: readonly number[]): void {
    if (answer.kind === 'bacnet-devices' && question.kind === 'who-is') {
      const { low, high } = question.range ?? { low: 0, high: 4_194_303 };
      const others = answer.devices.filter(({ instance }) => instance < low || instance > high);
      if (others.length > 0) examples.push(`${one.what} found ${JSON.stringify(others)}`);
    } else if (answer.kind === 'bacnet-values') {
      for (const [at, shown] of answer.values.entries()) {
        const number = shown.kind === 'values' && shown.values.length === 1 ? shown.values[0]?.number : undefined;
        // An object that says that it is broken is shown with its value all the same.
        if (typeof number === 'number') judgeShown(one, numbers[at] ?? -1, number);
      }
    } else if (answer.kind !== 'failed') examples.push(`${one.what} was answered with ${answer.kind}`);
  }

  function judgeShown(one: Pending, point: number, number: number): void {
    if (plant.wasSaid(point, number, one.startMono)) tally.right += 1;
    else judge(one.what, point, number, one.startMono, one.isDoubtful);
  }

  function hear(bytes: Buffer, from: IpAddress): void {
    tally.datagrams += 1;
    // A copy, as the system gives it: memory of its own.
    guard(bytes.toString('hex'), () => plant.hear(Buffer.from(bytes), from));
  }

  function hearDamaged({ bytes, from }: Flying): void {
    const other = strayDatagrams[below(random, strayDatagrams.length)] ?? bytes;
    const damaged = damage({ bytes, valueFrom: 0, valueTo: 0 }, other, random).bytes;
    const isDoubtful = !isUnseenWhole(damaged, bytes);
    if (isDoubtful) for (const one of pending) if (one.of.host === from.host) one.isDoubtful = true;
    isHearingDoubtful = isDoubtful;
    hear(damaged, from);
    isHearingDoubtful = false;
  }

  function stranger(): IpAddress {
    return { host: strangers[1 + below(random, 2)] ?? strangers[1], port: port + below(random, 2) };
  }

  /** One or two datagrams around a right one. */
  function beHostile(flying: Flying): void {
    const { bytes, from } = flying;
    const stray = strayDatagrams[below(random, strayDatagrams.length)] ?? Buffer.alloc(0);
    const one = ours[below(random, ours.length)];
    const target = one?.device.points[below(random, one.device.points.length)]?.address;
    if (!one || target?.protocol !== 'bacnet') return;
    const isOurs = ours.some(({ host }) => host === from.host);
    const npdu = bytes.length > 6 && isOurs ? forged.npduOf(bytes) : '0100';
    const place = { host: one.host, port };
    const its = one.behind ? `0108 00c8 01 ${one.behind.mac}` : '0100';
    const apduAt = apduAtOf(bytes);
    const isAnswer = (bytes[apduAt] ?? 0) >> 4 === 3;
    // Else it is a true I-Am from another place, which `claim` sees to.
    const hasValues = unseenSpans(bytes).length > 0;
    const kind = below(random, 14);
    if (kind === 0) hear(noise(random), from);
    else if (kind === 1) hear(stray, from);
    else if (kind === 2) {
      const other = strayDatagrams[below(random, strayDatagrams.length)] ?? stray;
      hear(damage({ bytes: stray, valueFrom: 0, valueTo: 0 }, other, random).bytes, place);
    } else if (kind === 3 && hasValues) hear(forged.poisoned(bytes, random), stranger());
    else if (kind === 4 && hasValues) hear(forged.poisoned(bytes, random), { host: from.host, port: from.port + 1 });
    else if (kind === 5 && isAnswer) hear(forged.misplaced(bytes, random), from);
    else if (kind <= 7 && isOurs) hearDamaged(flying);
    else if (kind === 8) hear(forged.extremeIAm(random, one.instance, its), place);
    else if (kind === 9) claim(one);
    else if (kind === 10 && random.next() < 0.2) {
      hear(forged.likelyNotification(random, { device: one.instance, ...target }), stranger());
    } else if (kind === 10) hear(forged.wrongNotification(random, { device: one.instance, ...target }, its), place);
    else if (kind === 11) hear(forged.rejectToNetwork(random), random.next() < 0.02 ? place : stranger());
    else if (kind === 12) hear(forged.bbmdWord(random), random.next() < 0.5 ? bbmd : stranger());
    else if (!isAnswer || random.next() > 0.02) hear(stray, stranger());
    else hear(forged.refusal(random, bytes[apduAt + 1] ?? 0, bytes[apduAt + 2] ?? 0, npdu), from);
  }

  /** Somebody says that he is a device; seldom one of ours, since nobody with a number twice is read for half a minute. */
  function claim({ instance }: PlantDevice): void {
    const chance = random.next();
    if (chance > 0.01) hear(forged.extremeIAm(random, below(random, 4_194_304), '0100'), stranger());
    else hear(forged.plainIAm(instance), { host: strangers[chance < 0.007 ? 0 : 2], port });
  }

  /** What is in the air comes down: lost, doubled, later, out of order. */
  function deliver(): void {
    const isFlood = air.length > 50;
    for (const flying of air.splice(0)) {
      // Of a flood of I-Am each has little to do with the others.
      const hostile = isFlood ? 1 : below(random, strength + 1);
      const before = below(random, hostile + 1);
      for (let count = 0; count < before; count += 1) beHostile(flying);
      const chance = random.next();
      if (chance > 0.96) air.push(flying);
      else if (chance > 0.04) hear(flying.bytes, flying.from);
      if (chance > 0.9) hear(flying.bytes, flying.from);
      for (let count = before; count < hostile; count += 1) beHostile(flying);
    }
  }

  function startAll(): void {
    for (const one of ours) {
      const reads = plans.get(one) ?? [];
      const read = reads[below(random, reads.length)];
      const isBusy = [...pending].some(({ of, what }) => of === one && what.startsWith('read'));
      if (read && !isBusy) guard('read', () => startRead(one, read));
    }
    const asked = ours[below(random, ours.length)];
    const questions = [...pending].filter(({ what }) => what.startsWith('question')).length;
    if (asked && questions < mostQuestions && random.next() < 0.3) guard('ask', () => ask(asked));
  }

  /** What people and the poller do beside. */
  function meddle(): void {
    const one = ours[below(random, ours.length)];
    if (!one) return;
    const { device, faults: on } = one;
    guard('meddle', () => {
      if (random.next() < 0.01) on.add(faults[below(random, faults.length)] ?? 'late');
      else if (random.next() < 0.06) on.clear();
      bus.describe?.(device);
      if (bus.restsUntilMono(device) > clock.monoMs() + 60_000) examples.push(`${device.id} rests for ever`);
      const isBusy = [...pending].some(({ of }) => of === one);
      if (!isBusy && random.next() < 0.02) {
        if (random.next() < 0.5) bus.forget(device, plans.get(one) ?? []);
        plans.set(one, bus.plan(device, device.points));
      }
    });
    if (random.next() < 0.05) strength = strengths[below(random, strengths.length)] ?? strength;
    plant.change(below(random, 4));
  }

  async function calm(forMs: number): Promise<void> {
    for (let left = forMs; left > 0; left -= 50) {
      for (const { bytes, from } of air.splice(0)) hear(bytes, from);
      await clock.advance(50);
      plant.tick();
    }
  }

  /** All of them, in the order of their plans. */
  async function readAll(): Promise<void> {
    const most = Math.max(...[...plans.values()].map(reads => reads.length));
    for (let at = 0; at < most; at += 1) {
      for (const one of ours) {
        const read = plans.get(one)?.[at];
        if (read) guard('read', () => startRead(one, read));
      }
      await calm(3_000);
    }
  }

  /** Good again: once those were found whose silence is heard by the first reads. */
  async function readAfterTheStorm(): Promise<void> {
    for (const one of ours) bus.forget(one.device, plans.get(one) ?? []);
    plans = new Map(ours.map(one => [one, bus.plan(one.device, one.device.points)]));
    await readAll();
    // As long as it takes to look again at who has one number.
    await calm(100_000);
    isCalm = true;
    await readAll();
    isCalm = false;
  }

  return {
    examples,
    datagrams: () => tally.datagrams,
    async attack(datagrams) {
      const end = tally.datagrams + datagrams;
      while (tally.datagrams < end && examples.length < mostExamples) {
        startAll();
        deliver();
        meddle();
        await clock.advance(random.next() * 120);
        plant.tick();
      }
    },
    async close() {
      plant.mend();
      await calm(5_000);
      if (pending.size > 0) examples.push(`${pending.size} reads and questions never ended`);
      await readAfterTheStorm();
      guard('last read', () => startAll());
      await bus.close();
      await clock.advance(10);
      if (pending.size > 0) examples.push(`${pending.size} reads and questions did not end with the bus`);
      if (tally.settled !== tally.reads + tally.questions) examples.push('not every read settled once');
      if (tally.right === 0) examples.push('no right value was taken, so nothing was tried');
      plant.stop();
    },
    counts() {
      const { wrong, ...counts } = tally;
      return { ...counts, 'wrong values': wrong, ...outcomes };
    },
  };
}
