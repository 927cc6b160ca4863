import type { Backoff } from '../../src/base/backoff.ts';
import {
  holeBackoff,
  type Learned,
  retryDelayMs,
  retryInMs,
  triesSince,
  wholeBackoff,
} from '../../src/model/learned.ts';
import type { ModbusAddress } from '../../src/model/point.ts';
import { widthOf } from './codec.ts';
import type { ReadRequest } from './read-client.ts';

/*
 * A device that refuses a read may mean one register of it. Each refusal cuts the refused part in two, one cut a part and
 * poll, until what is refused is a single value: a hole. Holes are left out and asked for again with a back-off, and the
 * whole read is tried again in the same way, for a device that is starting up refuses what it takes a minute later.
 */

/** What is cut: a read, and where in its answer each point lies, in the order of the addresses. */
interface WholeRead extends ReadRequest {
  readonly slots: readonly { readonly offset: number; readonly address: ModbusAddress }[];
}

/** A part of a read: the points `from` up to, without, `end`, and the request that fetches them. */
export interface Part {
  readonly request: ReadRequest;
  readonly from: number;
  readonly end: number;
  /** Refusals in a row, counted once it is of a single value. */
  refusals: number;
  /** A hole: when it may be asked for again. */
  hole: Wait | undefined;
}

export interface Split {
  /** In the order of the addresses; together they are all points of the read. */
  parts: readonly Part[];
  whole: Wait;
}

interface Wait {
  /** When it was refused last. */
  readonly sinceMono: number;
  readonly againMono: number;
  readonly tries: number;
}

/** How often in a row a single value is refused before it is left out: a fault that passes must not cost it seconds. */
const refusalsToHole = 3;

/**
 * Illegal address, and illegal value, by which some devices refuse a length (Modbus Application Protocol 1.1b3,
 * section 7). The other exceptions are not about the registers asked for.
 */
export function isAboutRegisters(exceptionCode: number): boolean {
  return exceptionCode === 2 || exceptionCode === 3;
}

/** Cuts a refused read in two; undefined when it is of a single value. */
export function splitRead(read: WholeRead, nowMono: number): Split | undefined {
  const halves = halve(read, 0, read.slots.length);
  return halves && { parts: halves, whole: wait(wholeBackoff, 0, nowMono) };
}

/** The whole, instead of its parts: when its time has come, and when there is nothing but holes that have to wait. */
export function isWholeDue({ parts, whole }: Split, nowMono: number): boolean {
  if (!parts.some(part => isPartDue(part, nowMono))) return true;
  return nowMono >= whole.againMono && parts.every(({ hole }) => !hole);
}

/** Returns whether there are parts worth asking for at once, so that a vain try costs nobody a value. */
export function onWholeRefused(split: Split, nowMono: number): boolean {
  split.whole = wait(wholeBackoff, split.whole.tries + 1, nowMono);
  return split.parts.some(part => isPartDue(part, nowMono));
}

export function isPartDue({ hole }: Part, nowMono: number): boolean {
  return !hole || nowMono >= hole.againMono;
}

/** Cuts the part in two, or makes it a hole. */
export function onPartRefused(
  read: WholeRead,
  split: Split,
  part: Part,
  nowMono: number,
): 'cut' | 'refused' | 'new hole' | 'old hole' {
  const halves = halve(read, part.from, part.end);
  if (halves) {
    split.parts = split.parts.flatMap(one => (one === part ? halves : [one]));
    return 'cut';
  }
  part.refusals += 1;
  const tries = part.refusals - refusalsToHole;
  if (tries < 0) return 'refused';
  part.hole = wait(holeBackoff, tries, nowMono);
  return tries === 0 ? 'new hole' : 'old hole';
}

/** A hole that answers tells that the device has changed: the others are worth asking for at once. Returns whether it was one. */
export function onPartAnswered(split: Split, part: Part): boolean {
  part.refusals = 0;
  if (!part.hole) return false;
  part.hole = undefined;
  for (const other of split.parts) if (other.hole) other.hole = { ...other.hole, againMono: 0 };
  return true;
}

/** Between two points near the middle that do not begin in the same register; undefined when all begin in one. */
function halve(read: WholeRead, from: number, end: number): readonly [Part, Part] | undefined {
  const middle = (from + end) / 2;
  let cut: number | undefined;
  for (let index = from + 1; index < end; index += 1) {
    if (read.slots[index]?.offset === read.slots[index - 1]?.offset) continue;
    if (cut === undefined || Math.abs(index - middle) < Math.abs(cut - middle)) cut = index;
  }
  return cut === undefined ? undefined : [partOf(read, from, cut), partOf(read, cut, end)];
}

function partOf(read: WholeRead, from: number, end: number): Part {
  const slots = read.slots.slice(from, end);
  const first = Math.min(...slots.map(({ offset }) => offset));
  const last = Math.max(...slots.map(({ offset, address }) => offset + widthOf(address)));
  const { unitId, table } = read;
  return {
    request: { unitId, table, address: read.address + first, count: last - first },
    from,
    end,
    refusals: 0,
    hole: undefined,
  };
}

function wait(backoff: Backoff, tries: number, nowMono: number): Wait {
  return { sinceMono: nowMono, againMono: nowMono + retryDelayMs(backoff, tries), tries };
}

interface Now {
  readonly mono: number;
  readonly wall: number;
}

/** What a split tells of the device; `before` knows since when. */
export function learnedFrom(read: WholeRead, split: Split, before: readonly Learned[], now: Now): Learned[] {
  const { table } = read;
  const learn = (kind: Learned['kind'], address: number, count: number, { sinceMono }: Wait): Learned => {
    const triedAt = Math.round(now.wall - (now.mono - sinceMono));
    const known = before.find(one => one.kind === kind && one.table === table && one.address === address);
    // A clock that ran ahead when it was learned must not put that into the future for good.
    return { kind, table, address, count, learnedAt: Math.min(known?.learnedAt ?? triedAt, triedAt), triedAt };
  };
  return split.parts.flatMap(({ request: { address, count }, hole }, index) => [
    ...(index > 0 ? [learn('cut', address, 0, split.whole)] : []),
    ...(hole ? [learn('hole', address, count, hole)] : []),
  ]);
}

/**
 * Cuts a read that is planned anew where the device is known to refuse it: its holes wait on, and so does the whole.
 * Undefined when nothing of it lies in this read.
 */
export function recallSplit(read: WholeRead, learned: readonly Learned[], now: Now): Split | undefined {
  const own = learned.filter(
    ({ table, address }) => table === read.table && read.address <= address && address < read.address + read.count,
  );
  const cuts = own.flatMap(({ kind, address }) => (kind === 'cut' ? [address] : [address, address + 1]));
  const starts = [...new Set([0, ...cuts.map(cut => firstFrom(read, cut))])].sort((a, b) => a - b);
  const parts = starts.flatMap((from, index) => {
    const end = starts[index + 1] ?? read.slots.length;
    return from === end ? [] : [recallPart(partOf(read, from, end), own, now)];
  });
  if (parts.length < 2) return undefined;
  const lastTried = own.reduce(
    (last, one) => (one.kind === 'cut' && one.triedAt > last.triedAt ? one : last),
    own[0] as Learned,
  );
  return { parts, whole: recallWait(wholeBackoff, { ...lastTried, kind: 'cut' }, now) };
}

/** Index of the first point that begins at this address or behind it. */
function firstFrom(read: WholeRead, address: number): number {
  const index = read.slots.findIndex(({ offset }) => read.address + offset >= address);
  return index === -1 ? read.slots.length : index;
}

function recallPart(part: Part, learned: readonly Learned[], now: Now): Part {
  const { address, count } = part.request;
  const hole = learned.find(one => one.kind === 'hole' && one.address === address && one.count === count);
  if (!hole) return part;
  const tries = triesSince(holeBackoff, hole);
  return { ...part, refusals: refusalsToHole + tries, hole: recallWait(holeBackoff, hole, now) };
}

function recallWait(backoff: Backoff, learned: Learned, now: Now): Wait {
  return {
    // A time in the future is one of a clock that has been put right since.
    sinceMono: now.mono - Math.max(0, now.wall - learned.triedAt),
    againMono: now.mono + retryInMs(learned, now.wall),
    tries: triesSince(backoff, learned),
  };
}
