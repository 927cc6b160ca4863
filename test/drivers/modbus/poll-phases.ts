import type { TimedFault } from '../../../src/sim/wire-fault.ts';
import { type FaultyPlant, readsPerPoll, type Sent } from './faulty-plant.ts';

/** What becomes of a request: the fault of the cell, another one that leads up to it, or nothing. */
export type Fate = 'hit' | TimedFault | undefined;

/** Where in the life of a bus a fault meets it. */
export interface PollPhase {
  /** Ends the sentence "… hits …". */
  readonly name: string;
  /** How many answers are damaged; 1 without it. */
  readonly hits?: number;
  /** 1 s without it. */
  readonly intervalMs?: number;
  /** Asked for every request until all hits are made. `hits`: those that were made. */
  readonly fateOf: (sent: Sent, plant: FaultyPlant, hits: readonly Sent[]) => Fate;
  /** What people and plugs do, once the bus polls steadily. */
  readonly act?: (plant: FaultyPlant) => void;
  /** What people do as soon as an answer was damaged. */
  readonly react?: (plant: FaultyPlant) => void;
}

/** The device that is hit, where a phase says which. */
const target = 1;
const neighbour = 2;

/** From then on every device has been polled more than twice, and the next poll of the target is near. */
export const steadyMono = 3_500;

const isSteady = ({ atMono }: Sent) => atMono >= steadyMono;
const isRead = (sent: Sent, unitId: number, place: number) => sent.unitId === unitId && sent.place === place;

/** By which a person asks a device for its name. */
export const identifyFunction = 43;
const silent: TimedFault = { name: 'silent' };
const refused: TimedFault = { name: 'exception-2' };

function onRead(name: string, place: number): PollPhase {
  return { name, fateOf: sent => (isSteady(sent) && isRead(sent, target, place) ? 'hit' : undefined) };
}

/** When the next poll of a device begins. */
function nextPollMono({ sent, clock, intervalMs }: FaultyPlant, unitId: number): number {
  const last = sent.findLast(one => isRead(one, unitId, 0))?.atMono ?? 0;
  return last + intervalMs * Math.ceil((clock.monoMs() - last) / intervalMs);
}

/** Late so much that, on a serial line, the answer comes in the middle of the next device's first request. */
function lateIntoNext(plant: FaultyPlant): TimedFault {
  const { clock, link } = plant;
  // Over TCP it is on its way over a connection that is gone.
  if (link.framing === 'tcp') return { name: 'late', delayMs: 700 };
  const dueMono = Math.min(...[1, 3].map(unitId => nextPollMono(plant, unitId)));
  return { name: 'late', delayMs: dueMono - clock.monoMs() - link.turnaroundMs / 2 };
}

function hasFailed({ ended }: FaultyPlant, unitId: number): boolean {
  return ended.some(one => one.unitId === unitId && one.outcome.kind === 'failed');
}

/** The third read of the target is refused until it was cut, and then one of its parts is hit. */
function onPart(name: string, isPart: (address: number) => boolean): PollPhase {
  const isOfCutRead = ({ unitId, functionCode, address }: Sent) =>
    unitId === target && functionCode === 3 && address >= 200 && address < 206;
  return {
    name,
    fateOf: sent => {
      if (!isSteady(sent) || !isOfCutRead(sent)) return undefined;
      if (sent.place === 2) return refused;
      return isPart(sent.address) ? 'hit' : undefined;
    },
  };
}

function askWho({ askWho: ask }: FaultyPlant): void {
  ask(target);
}

export const pollPhases: readonly PollPhase[] = [
  {
    name: 'the very first request over a fresh connection',
    fateOf: ({ link, placeOnLink }) => (link === 1 && placeOnLink === 0 ? 'hit' : undefined),
  },
  onRead('the first read of a poll', 0),
  onRead('a read in the middle of a poll', 2),
  onRead('the last read of a poll', readsPerPoll - 1),
  {
    name: 'the request right after the timeout of another device, whose answer comes late',
    fateOf: (sent, plant) => {
      if (!isSteady(sent)) return undefined;
      if (!plant.sent.some(one => isSteady(one) && isRead(one, neighbour, readsPerPoll - 1))) return undefined;
      if (sent.unitId === neighbour) return isRead(sent, neighbour, readsPerPoll - 1) ? lateIntoNext(plant) : undefined;
      return hasFailed(plant, neighbour) ? 'hit' : undefined;
    },
  },
  {
    name: 'two requests of one device in a row',
    hits: 2,
    fateOf: (sent, _plant, hits) => {
      if (!isSteady(sent)) return undefined;
      const isNext = hits.length > 0 ? sent.unitId === target : isRead(sent, target, 0);
      return isNext ? 'hit' : undefined;
    },
  },
  {
    name: 'the first request over a connection that was replaced while nothing was asked',
    // Polls are within its first second, so the plug is pulled in a pause.
    intervalMs: 5_000,
    act: ({ wire }) => {
      wire.cut();
      wire.mend();
    },
    fateOf: ({ link, placeOnLink }) => (link === 2 && placeOnLink === 0 ? 'hit' : undefined),
  },
  {
    name: 'the first request over a connection that was replaced since it broke within an answer',
    fateOf: (sent, plant) => {
      if (!isSteady(sent)) return undefined;
      if (sent.link > 1 && sent.placeOnLink === 0) return 'hit';
      const isBreak = plant.wire.opened() === 1 && isRead(sent, neighbour, 2);
      return isBreak ? { name: 'close-mid-reply' } : undefined;
    },
  },
  {
    name: 'a request over a connection that was idle for long',
    intervalMs: 5_000,
    fateOf: sent => (sent.atMono > 12_000 && isRead(sent, target, 0) ? 'hit' : undefined),
  },
  {
    name: 'the probe of a device that was gone',
    fateOf: (sent, plant) => {
      if (!isSteady(sent) || sent.unitId !== target) return undefined;
      return plant.isOffline(target) ? 'hit' : silent;
    },
  },
  onPart('the first half of a read that was refused and cut', address => address === 200),
  onPart('the second half of a read that was refused and cut', address => address > 200),
  {
    name: "a person's question between two reads",
    act: askWho,
    fateOf: ({ functionCode }) => (functionCode === identifyFunction ? 'hit' : undefined),
  },
  {
    name: "the read after a person's question",
    act: askWho,
    fateOf: ({ unitId, functionCode }, { sent }) => {
      const hasAsked = sent.some(one => one.functionCode === identifyFunction);
      return hasAsked && unitId === target && functionCode !== identifyFunction ? 'hit' : undefined;
    },
  },
  { ...onRead('a read right behind which a person asks the same device', 2), react: askWho },
];
