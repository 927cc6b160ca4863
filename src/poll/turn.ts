import type { OpenBus, Read } from '../driver.ts';
import type { Point } from '../model/point.ts';
import { type PlannedRead, planRead } from './batch.ts';
import { type Cadence, spreadShares, startCadence } from './cadence.ts';
import { isOffline, type PolledDevice } from './polled-device.ts';
import { turnaroundMsOf } from './response-time.ts';

/** The points of one device with one interval. They are planned together, so that neighbours share a read. */
export interface Slot {
  readonly owner: PolledDevice;
  readonly points: readonly Point[];
  /** The reads with a point that an alarm needs, and the rest: they fall due together, but those come first. */
  readonly alarmed: Group;
  readonly rest: Group;
  /** The turnaround of the device that it was planned for; undefined when none was measured. */
  plannedForMs: number | undefined;
  /** Planned anew when neither group is at it. */
  isStale: boolean;
}

/** Reads that fall due together and come in one class. */
export interface Group {
  readonly owner: PolledDevice;
  readonly cadence: Cadence;
  readonly isAlarmed: boolean;
  reads: readonly PlannedRead[];
  /** The first due time that it has not been read for: lost ones make it more urgent, so that nobody loses all the time. */
  waitsSinceMono: number;
  /** Index of the read that comes next in the due time under way. */
  nextRead: number;
  /** Reads that are on the wire. */
  underWay: number;
  /** To be read without waiting for the next due time: its last one passed while the device was offline. */
  isOwed: boolean;
}

export type AlarmedPoints = ReadonlySet<number>;

/** After so many reads in a row that alarms need, a read that no alarm needs gets its turn if it is due. */
export const mostAlarmReadsInARow = 4;

/** Timers are a millisecond fine, so what falls due within one is due. */
export const timerResolutionMs = 1;

/** Every slot of every device of a bus, planned into reads. */
export function planSlots(
  bus: string,
  openBus: OpenBus,
  owners: readonly PolledDevice[],
  alarmed: AlarmedPoints,
  startMono: number,
): Slot[] {
  const wanted = owners.flatMap(owner =>
    byInterval(owner.device.points).map(([intervalMs, points]) => ({ owner, intervalMs, points })),
  );
  const shares = new Map<number, number[]>();
  for (const { intervalMs } of wanted) {
    if (shares.has(intervalMs)) continue;
    const count = wanted.filter(other => other.intervalMs === intervalMs).length;
    shares.set(intervalMs, spreadShares(bus, intervalMs, count));
  }
  return wanted.map(({ owner, intervalMs, points }) => {
    const share = shares.get(intervalMs)?.shift() ?? 0;
    const slot: Slot = {
      owner,
      points,
      alarmed: createGroup(owner, startCadence(intervalMs, startMono, share), true),
      rest: createGroup(owner, startCadence(intervalMs, startMono, share), false),
      plannedForMs: undefined,
      isStale: true,
    };
    replanSlot(slot, openBus, alarmed);
    return slot;
  });
}

function createGroup(owner: PolledDevice, cadence: Cadence, isAlarmed: boolean): Group {
  const waitsSinceMono = cadence.dueMono;
  return { owner, cadence, isAlarmed, reads: [], waitsSinceMono, nextRead: 0, underWay: 0, isOwed: false };
}

/** Only between two due times: what is on the wire keeps its place. */
export function mayReplan({ isStale, alarmed, rest }: Slot): boolean {
  return isStale && isAtRest(alarmed) && isAtRest(rest);
}

/** A response time that differs by less changes no plan that is worth the work. */
const worthPlanningMs = 1;

/** Whether its device answers in another time than it was planned for. */
export function mayPlanBetter({ owner, plannedForMs }: Slot, { silences }: OpenBus): boolean {
  const turnaroundMs = turnaroundMsOf(owner.response, silences);
  if (turnaroundMs === undefined) return false;
  return plannedForMs === undefined || Math.abs(turnaroundMs - plannedForMs) >= worthPlanningMs;
}

function isAtRest(group: Group): boolean {
  return group.nextRead === 0 && group.underWay === 0;
}

/** Plans a slot for the device's measured response time and the points that alarms need now. The cadence goes on. */
export function replanSlot(slot: Slot, openBus: OpenBus, alarmedPoints: AlarmedPoints): void {
  const { owner, points, alarmed, rest } = slot;
  slot.isStale = false;
  slot.plannedForMs = turnaroundMsOf(owner.response, openBus.silences);
  const fresh = openBus.plan(owner.device, points, slot.plannedForMs);
  const current = new Map([...alarmed.reads, ...rest.reads].map(planned => [planned.read.label, planned]));
  // A read that is as before stays, with all that its driver and its batch have learned.
  const reads = fresh.map(read => {
    const old = current.get(read.label);
    return old && hasSamePoints(old.read, read) ? old : planRead(read);
  });
  const isAlarmed = ({ read }: PlannedRead) => read.points.some(({ number }) => alarmedPoints.has(number));
  // The due times of a group that had nothing to read went by uncounted.
  if (alarmed.reads.length === 0) fallInWith(alarmed, rest);
  if (rest.reads.length === 0) fallInWith(rest, alarmed);
  alarmed.reads = reads.filter(isAlarmed);
  rest.reads = reads.filter(planned => !isAlarmed(planned));
}

function fallInWith(group: Group, other: Group): void {
  group.cadence.dueMono = other.cadence.dueMono;
  group.waitsSinceMono = other.cadence.dueMono;
}

function hasSamePoints(one: Read, other: Read): boolean {
  return one.points.length === other.points.length && one.points.every((point, at) => point === other.points[at]);
}

export function groupsOf(slots: readonly Slot[]): Group[] {
  return slots.flatMap(({ alarmed, rest }) => [alarmed, rest]).filter(({ reads }) => reads.length > 0);
}

/** Decides between what alarms need and the rest. */
export interface TurnKeeper {
  /** The group whose read comes next: of those due, alarms' before the rest, and in each class the earliest deadline. */
  next(groups: readonly Group[], nowMono: number): Group | undefined;
}

/** @param deviceWindow reads of one device that may be under way at once */
export function createTurnKeeper(deviceWindow = Number.POSITIVE_INFINITY): TurnKeeper {
  /** Reads for alarms that went before a due read of the rest. */
  let overtaken = 0;
  return {
    next(groups, nowMono) {
      let alarmed: Group | undefined;
      let rest: Group | undefined;
      for (const group of groups) {
        if (group.nextRead === group.reads.length || isFull(group, deviceWindow) || !isDue(group, nowMono)) continue;
        if (group.isAlarmed) {
          if (alarmed === undefined || deadlineOf(group) < deadlineOf(alarmed)) alarmed = group;
        } else if (rest === undefined || deadlineOf(group) < deadlineOf(rest)) rest = group;
      }
      if (alarmed === undefined || rest === undefined) {
        overtaken = 0;
        return alarmed ?? rest;
      }
      if (overtaken === mostAlarmReadsInARow) {
        overtaken = 0;
        return rest;
      }
      overtaken += 1;
      return alarmed;
    },
  };
}

/** When the next read falls due that can be made; infinite when there is none. The end of a read makes room for others. */
export function nextDueMono(groups: readonly Group[], deviceWindow = Number.POSITIVE_INFINITY): number {
  let next = Number.POSITIVE_INFINITY;
  for (const group of groups) {
    if (group.nextRead === group.reads.length || isFull(group, deviceWindow)) continue;
    const dueMono = Math.max(group.isOwed ? 0 : group.cadence.dueMono, restsUntilMono(group.owner));
    if (dueMono < next) next = dueMono;
  }
  return next;
}

/** A group that falls due within this time after the return of its device is not read out of turn. */
const owedBeyondMs = 1_000;

/** A device is back: its points of long intervals are not left bad until they are due again. */
export function oweMissed(groups: readonly Group[], owner: PolledDevice, nowMono: number): void {
  for (const group of groups) {
    if (group.owner === owner) group.isOwed = group.cadence.dueMono - nowMono > owedBeyondMs;
  }
}

/** Its due time was not begun before the next one came. */
export function isLost(group: Group, nowMono: number): boolean {
  return nowMono >= group.cadence.dueMono + group.cadence.intervalMs && isAtRest(group);
}

/** What is due of an offline device is told without asking, so it takes no place. */
function isFull({ owner }: Group, deviceWindow: number): boolean {
  return owner.underWay >= deviceWindow && !isOffline(owner);
}

function isDue({ owner, cadence, isOwed }: Group, nowMono: number): boolean {
  const byMono = nowMono + timerResolutionMs;
  return (cadence.dueMono < byMono || isOwed) && restsUntilMono(owner) < byMono;
}

/** What is due of an offline device is told without asking, so it need not wait. */
function restsUntilMono(owner: PolledDevice): number {
  return isOffline(owner) ? 0 : owner.restsUntilMono;
}

function deadlineOf({ cadence, waitsSinceMono, isOwed }: Group): number {
  return isOwed ? cadence.dueMono : waitsSinceMono + cadence.intervalMs;
}

function byInterval(points: readonly Point[]): [number, Point[]][] {
  const groups = new Map<number, Point[]>();
  for (const point of points) {
    const group = groups.get(point.intervalMs);
    if (group) group.push(point);
    else groups.set(point.intervalMs, [point]);
  }
  return [...groups];
}
