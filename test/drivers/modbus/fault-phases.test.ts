import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TimedFault, type WireFault, wireFaults, wireFaultsOn } from '../../../src/sim/wire-fault.ts';
import {
  createFaultyPlant,
  type Ended,
  type FaultyPlant,
  identification,
  type PlantLink,
  plantLinks,
  type Sent,
  worstCaseMs,
} from './faulty-plant.ts';
import { identifyFunction, type PollPhase, pollPhases, steadyMono } from './poll-phases.ts';

/*
 * Every fault of the wire, over every link, in every phase of a poll. The storm (npm run torture -- modbus) meets them by
 * chance; here each is met once, on its own, so that what it may cost can be said.
 */

const babbleMs = 150;
/** After the last damaged answer nothing of it comes any more by then, and no device is in quarantine. */
const overAfterMs = worstCaseMs + babbleMs + 500;
/** A device that went offline is found within this time; the promise of the probes. */
const foundWithinMs = 10_000;

/** What no master could tell. Such a cell is met with the longest delay that can be told. */
const undecidable = {
  'duplicated-late': {
    framing: 'rtu',
    reason:
      'a double that comes after the 3.5 characters of silence is, on the wire, the answer to the next request to that device',
    longestMs: 1.5,
  },
} as const;

interface Cell {
  readonly link: PlantLink;
  readonly phase: PollPhase;
  readonly fault: TimedFault;
  /** For people. */
  readonly what: string;
  /** Decides where an answer is torn, and what noise there is. */
  readonly seed: number;
}

interface Story {
  readonly plant: FaultyPlant;
  /** The requests whose answers were damaged. */
  readonly hits: readonly Sent[];
  /** Reads of a device that the phase itself needs to fail. */
  readonly staged: readonly Sent[];
  /** Nothing of the fault is left from then on. */
  readonly overMono: number;
}

let unhandled: unknown[];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeAll(() => {
  unhandled = [];
  process.on('unhandledRejection', onUnhandled);
});

afterAll(() => {
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

/** The times of a fault that has some: into the next request of the same device, and into that of another one, or none. */
function delaysOf(fault: WireFault, { framing, bus }: PlantLink): readonly (number | undefined)[] {
  if (fault === 'babble') return [babbleMs];
  // Shortly after the timeout of a device that answers at once: 50 ms on a port, 250 ms through a socket.
  if (fault === 'late') return framing === 'tcp' ? [700] : [bus.protocol === 'modbus-rtu' ? 60 : 260, 300];
  if (fault === 'duplicated-late') return framing === 'tcp' ? [8, 340] : [undecidable[fault].longestMs];
  return [undefined];
}

function faultsOn(link: PlantLink): Pick<Cell, 'fault' | 'what'>[] {
  return wireFaultsOn(link.framing).flatMap(name =>
    delaysOf(name, link).map(delayMs => ({
      fault: delayMs === undefined ? { name } : { name, delayMs },
      what: `${name}${delayMs === undefined ? '' : ` of ${delayMs} ms`} (${wireFaults[name].text})`,
    })),
  );
}

async function play({ link, phase, fault, seed }: Cell): Promise<Story> {
  const hits: Sent[] = [];
  const staged: Sent[] = [];
  const wanted = phase.hits ?? 1;
  const { intervalMs = 1_000 } = phase;
  const faultOf = (sent: Sent, own: FaultyPlant): TimedFault | undefined => {
    const fate = hits.length < wanted ? phase.fateOf(sent, own, hits) : undefined;
    if (fate === undefined) return undefined;
    (fate === 'hit' ? hits : staged).push(sent);
    if (fate !== 'hit') return fate;
    queueMicrotask(() => phase.react?.(own));
    return fault;
  };
  const plant = createFaultyPlant({ link, intervalMs, seed, faultOf });
  plant.poller.start();
  await plant.clock.advance(steadyMono);
  phase.act?.(plant);
  for (let waitedMs = 0; hits.length < wanted && waitedMs < 30_000; waitedMs += 100) await plant.clock.advance(100);
  expect(hits.length, 'the phase never came').toBe(wanted);
  const overMono = (hits.at(-1)?.atMono ?? 0) + overAfterMs;
  const isBack = () => hits.every(({ unitId }) => firstReadAfter(plant, unitId, overMono) !== undefined);
  await plant.clock.advance(overMono - plant.clock.monoMs());
  for (let waitedMs = 0; !isBack() && waitedMs < foundWithinMs; waitedMs += 500) await plant.clock.advance(500);
  await plant.clock.advance(2 * intervalMs);
  await plant.close();
  return { plant, hits, staged, overMono };
}

function firstReadAfter({ ended }: FaultyPlant, unitId: number, mono: number): Ended | undefined {
  return ended.find(one => one.unitId === unitId && one.startMono >= mono);
}

/** How the reads ended whose requests were hit. */
function expectOutcomes({ fault }: Cell, { plant, hits }: Story): void {
  const { leaves } = wireFaults[fault.name];
  const hit = plant.ended.filter(one => one.sent.some(request => hits.includes(request)));
  expect(hit.length > 0).toBe(hits.some(({ functionCode }) => functionCode !== identifyFunction));
  for (const { sent, outcome, startMono, endMono } of hit) {
    const how = outcome.kind === 'failed' ? outcome.reason : 'answered';
    // It went out again, by the fault of the connection, and that was not hit.
    if (how === 'answered' && new Set(sent.map(({ address }) => address)).size < sent.length) continue;
    if (leaves === 'right') expect(['answered', 'bad-reply']).toContain(how);
    else if (leaves === 'refusal') expect(how).toBe(isTargetSilent(fault.name) ? 'timeout' : 'answered');
    else if (leaves === 'late') expectWaited(fault, how, endMono - startMono);
    else expect(how).not.toBe('answered');
  }
}

/** Some requests have a long timeout: the first one to a device, and one after a failure. */
function expectWaited({ delayMs = 0 }: TimedFault, how: string, waitedMs: number): void {
  if (how === 'answered') expect(waitedMs).toBeGreaterThanOrEqual(delayMs);
  else expect(how).toBe('timeout');
}

function isTargetSilent(fault: WireFault): boolean {
  return fault === 'exception-10' || fault === 'exception-11';
}

/**
 * How many reads of other devices the fault may cost.
 *
 * - Who babbles on a line may be heard in a request to another device.
 * - A connection that is cut takes with it what others had under way and was not sent over it before.
 * - What was sent again for the fault of another is not sent a third time.
 */
function mayCost({ link, phase, fault }: Cell): number {
  const isSeveral = link.bus.protocol === 'modbus-tcp' && link.bus.requestsInFlight > 1;
  if (fault.name === 'babble') return link.framing === 'rtu' ? 1 : 0;
  if (fault.name === 'close' || fault.name === 'close-mid-reply') return isSeveral ? 3 : 0;
  return isSeveral && (phase.hits ?? 1) > 1 && wireFaults[fault.name].leaves !== 'right' ? 1 : 0;
}

/** The devices that are well lose what the fault may cost them, and nothing once it is over. */
function expectNeighboursWell(cell: Cell, { plant, hits, staged, overMono }: Story): void {
  const isIll = (unitId: number) => hits.some(hit => hit.unitId === unitId);
  const isStaged = (one: Ended) => one.sent.some(request => staged.includes(request));
  const hitMono = hits[0]?.atMono ?? 0;
  const lost = plant.ended.filter(
    one => !isIll(one.unitId) && one.outcome.kind === 'failed' && one.endMono >= hitMono && !isStaged(one),
  );
  expect(lost.length).toBeLessThanOrEqual(mayCost(cell));
  expect(lost.filter(({ startMono }) => startMono >= overMono)).toEqual([]);
  const isAside = (unitId: number) =>
    isIll(unitId) || lost.some(one => one.unitId === unitId) || staged.some(one => one.unitId === unitId);
  // No due time was lost either.
  expect(plant.sampled.filter(({ unitId, quality }) => !isAside(unitId) && quality !== 'good')).toEqual([]);
}

/** The first read after the fault is good, and so is all that follows. */
function expectBack({ plant, hits, overMono }: Story): void {
  for (const unitId of new Set(hits.map(hit => hit.unitId))) {
    const first = firstReadAfter(plant, unitId, overMono);
    expect(first?.outcome.kind).toBe('answered');
    expect((first?.startMono ?? 0) - overMono).toBeLessThanOrEqual(foundWithinMs);
  }
  for (const one of plant.ended) if (one.startMono >= overMono) expect(one.outcome.kind).toBe('answered');
  const backMono = Math.max(...hits.map(({ unitId }) => firstReadAfter(plant, unitId, overMono)?.endMono ?? 0));
  const since = plant.sampled.filter(({ atMono }) => atMono > backMono);
  expect(since.length).toBeGreaterThan(0);
  expect(since.filter(({ quality }) => quality !== 'good')).toEqual([]);
}

/** Everybody who asked was told, and nobody something wrong. */
function expectPeopleTold({ fault }: Cell, { plant, hits }: Story): void {
  const isHit = hits.some(({ functionCode }) => functionCode === identifyFunction);
  if (isHit && wireFaults[fault.name].leaves === 'refusal') expect(plant.told[0]?.kind).toBe('exception');
  expect(plant.told).toHaveLength(plant.asked());
  for (const answer of plant.told) {
    if (answer.kind === 'identity') expect(answer.identity).toEqual(identification);
    else expect(['failed', 'exception']).toContain(answer.kind);
  }
}

const cells: readonly Cell[] = plantLinks
  .flatMap(link => pollPhases.flatMap(phase => faultsOn(link).map(faulty => ({ link, phase, ...faulty }))))
  .map((cell, seed) => ({ ...cell, seed }));

function sentenceOf({ link, phase, what }: Cell): string {
  return `over ${link.name}, ${phase.name} meets ${what}; no value is wrong, and the device is back with the next poll`;
}

test.each(cells.map(cell => [sentenceOf(cell), cell] as const))('%s', async (_sentence, cell) => {
  const story = await play(cell);
  expect(story.plant.wrong).toEqual([]);
  expectOutcomes(cell, story);
  expectNeighboursWell(cell, story);
  expectBack(story);
  expectPeopleTold(cell, story);
});

test('a late answer of a neighbour comes while the request that is hit is under way', async () => {
  for (const link of plantLinks.filter(({ framing }) => framing === 'rtu')) {
    const phase = pollPhases.find(({ name }) => name.includes('whose answer comes late'));
    if (!phase) throw new Error('there is no such phase');
    const { plant, hits, staged } = await play({ link, phase, fault: { name: 'duplicated' }, what: '', seed: 1 });
    const read = plant.ended.find(({ sent }) => sent.some(request => hits.includes(request)));
    const [late] = staged;
    const [hit] = hits;
    if (!read || !late || !hit) throw new Error('the phase never came');
    const meanwhile = plant.received.filter(({ atMono }) => atMono > hit.atMono && atMono < read.endMono);
    expect(meanwhile.map(({ bytes }) => bytes[0])).toEqual([late.unitId]);
  }
});

test('every fault there is is met over every link on which it exists, in every phase', () => {
  for (const link of plantLinks) {
    const met = cells.filter(cell => cell.link === link).map(({ phase, fault }) => `${phase.name}: ${fault.name}`);
    expect(new Set(met).size).toBe(pollPhases.length * wireFaultsOn(link.framing).length);
  }
  expect(Object.keys(wireFaults)).toHaveLength(31);
});
