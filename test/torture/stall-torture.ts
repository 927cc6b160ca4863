import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { compileLibraries } from '../bench/compile.ts';
import { percentile } from '../bench/figures.ts';
import { startScript } from '../bench/process.ts';
import { referenceProfile, referenceSite } from '../bench/reference-site.ts';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { startSubscriber } from '../fakes/mosquitto-sub.ts';
import { type RegisterSlave, startRegisterSlave } from '../fakes/register-slave.ts';
import { fastFolder } from './disk/record.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * A disk that does not answer: every sync of the store hangs for ten seconds, under the real daemon with the reference
 * site and ten sumps that are read every 100 ms. The sumps tell how late the reads come meanwhile, and how late they come
 * just before, which is what the machine does to them; their floods must be detected at once and be committed once the disk
 * is back. One run is one stall.
 */

const stallMs = 10_000;
const settleMs = 4_000;
const intervalMs = 100;
const sumps = 10;
const latestP99Ms = 50;
/** On a machine that is late by itself: so many times what it is without a stall. */
const mostTimesAsLate = 2;
const firstPort = 22_000;

export async function torture({ runs = 3, seed, say }: TortureOptions, devices = 200): Promise<Verdict> {
  const random = seededRandom(seed);
  using libraries = compileLibraries('disk');
  const stallPath = join(fastFolder(), 'stall');
  const slaves = startScript(join(import.meta.dirname, '../bench/slave.ts'), [String(firstPort), String(devices)]);
  await slaves.next();
  const plant = await Promise.all(Array.from({ length: sumps }, startSump));
  try {
    await using broker = await startMosquitto();
    await using platform = await startSubscriber({ port: broker.port, topic: 'plantroom/+/alarm' });
    await using daemon = await startDaemon(
      site(devices, plant, broker.port),
      { reference: referenceProfile() },
      folder => ({ LD_PRELOAD: libraries.path('disk'), DISK_FOLDER: folder, DISK_STALL: stallPath }),
    );
    const before: number[] = [];
    const lateness: number[] = [];
    const violations: string[] = [];
    let detected = 0;
    let sentMeanwhile = 0;
    let skipped = 0;
    for (let run = 1; run <= runs; run += 1) {
      await pause(settleMs);
      forget(plant);
      await pause(settleMs);
      before.push(...plant.flatMap(({ arrivals }) => latenessOf(arrivals)));
      const received = platform.received.length;
      const flooded = await stall(stallPath, plant, random);
      sentMeanwhile += platform.received.length - received;
      rmSync(stallPath);
      detected += flooded.length;
      skipped += plant.reduce((sum, { arrivals }) => sum + countSkipped(arrivals), 0);
      lateness.push(...plant.flatMap(({ arrivals }) => latenessOf(arrivals)));
      violations.push(...(await findMissing(daemon, flooded)));
      say(`stall ${run} of ${runs}: p99 of the lateness so far ${percentile(lateness, 99).toFixed(1)} ms`);
    }
    const p99 = percentile(lateness, 99);
    const bar = Math.max(latestP99Ms, mostTimesAsLate * percentile(before, 99));
    if (!(p99 < bar)) violations.push(`reads came ${p99.toFixed(1)} ms late (p99), not under ${bar.toFixed(1)} ms`);
    return {
      counts: {
        'stalls of 10 s': runs,
        'reads of the sumps meanwhile': lateness.length,
        'reads of the sumps left out meanwhile': skipped,
        'lateness of the reads before, p99, ms': round(percentile(before, 99)),
        'lateness of the reads meanwhile, p50, ms': round(percentile(lateness, 50)),
        'lateness of the reads meanwhile, p99, ms': round(p99),
        'lateness of the reads meanwhile, the longest, ms': round(Math.max(...lateness)),
        'floods meanwhile': detected,
        'events sent meanwhile': sentMeanwhile,
      },
      violations,
    };
  } finally {
    for (const { slave } of plant) await slave[Symbol.asyncDispose]();
    await slaves.stop();
    rmSync(join(stallPath, '..'), { recursive: true, force: true });
  }
}

interface Sump {
  readonly slave: RegisterSlave;
  /** Monotonic times at which it was asked. */
  readonly arrivals: number[];
  isWet: boolean;
}

async function startSump(): Promise<Sump> {
  const arrivals: number[] = [];
  return { slave: await startRegisterSlave(0, () => arrivals.push(performance.now())), arrivals, isWet: false };
}

function forget(plant: readonly Sump[]): void {
  for (const { arrivals } of plant) arrivals.length = 0;
}

/** A flood that began, or ended, while the disk hung. */
interface Flood {
  readonly sump: number;
  readonly isRaised: boolean;
  readonly at: number;
}

/** Lets the disk hang, and the floods come and go meanwhile, each sump in its turn. The disk still hangs at the end. */
async function stall(stallPath: string, plant: readonly Sump[], random: Random): Promise<readonly Flood[]> {
  writeFileSync(stallPath, '');
  forget(plant);
  const floods: Flood[] = [];
  const endMono = performance.now() + stallMs;
  for (let turn = 0; performance.now() < endMono; turn += 1) {
    await pause(100 + 200 * random.next());
    const number = turn % sumps;
    const sump = plant[number];
    if (!sump) continue;
    sump.isWet = !sump.isWet;
    sump.slave.set(0, sump.isWet ? 1 : 0);
    floods.push({ sump: number, isRaised: sump.isWet, at: Date.now() });
  }
  // The last one is detected.
  await pause(3 * intervalMs);
  return floods;
}

/** How late each read came, against a schedule of equal intervals; one that was left out is late by a whole one. */
function latenessOf(arrivals: readonly number[]): readonly number[] {
  const [first = 0] = arrivals;
  const phases = arrivals.map(at => at - first - intervalMs * Math.round((at - first) / intervalMs));
  const earliest = phases.reduce((one, other) => Math.min(one, other), 0);
  return [...phases.map(phase => phase - earliest), ...Array(countSkipped(arrivals)).fill(intervalMs)];
}

function countSkipped(arrivals: readonly number[]): number {
  const spanMs = (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0);
  return Math.max(0, Math.round(spanMs / intervalMs) + 1 - arrivals.length);
}

/** Every flood has one event, detected when it came, and committed now that the disk is back. */
async function findMissing(daemon: Daemon, floods: readonly Flood[]): Promise<readonly string[]> {
  const [{ at: beganAt } = { at: 0 }] = floods;
  const wanted = floods.map(nameOf).sort();
  for (let attempt = 0; ; attempt += 1) {
    // What the store had not answered may be refused for a moment more.
    const { history } = await daemon.client.alarms(1_000).catch(() => ({ history: [] }));
    // A busy machine may also lose devices for a while.
    const events = history.filter(
      ({ detectedAt, alarm, kind }) =>
        // That an alarm chatters, or is overdue, is told beside its floods.
        detectedAt >= beganAt && alarm.includes('flooded-') && (kind === 'raised' || kind === 'returned'),
    );
    const found = events.map(({ alarm, kind }) => `${alarm.replace(/^.*\//, '')} ${kind}`).sort();
    if (found.join() === wanted.join()) return findLate(floods, events.toReversed());
    if (attempt === 100) return [`${wanted.length} floods came, ${found.length} events were committed`];
    await pause(100);
  }
}

function findLate(
  floods: readonly Flood[],
  events: readonly { readonly alarm: string; readonly detectedAt: number }[],
): readonly string[] {
  return floods.flatMap((flood, index) => {
    const lateMs = (events[index]?.detectedAt ?? 0) - flood.at;
    return lateMs < 5 * intervalMs ? [] : [`${nameOf(flood)} was detected ${lateMs} ms later`];
  });
}

function nameOf({ sump, isRaised }: Flood): string {
  return `flooded-${sump} ${isRaised ? 'raised' : 'returned'}`;
}

function site(devices: number, plant: readonly Sump[], brokerPort: number): string {
  const indexes = plant.map((_, index) => index);
  const buses = plant.map(
    ({ slave }, index) => `  - {id: sump-${index}, protocol: modbus-tcp, host: 127.0.0.1, port: ${slave.port}}`,
  );
  const own = indexes.flatMap(index => [
    `  - id: sump-${index}`,
    `    bus: sump-${index}`,
    `    interval: ${intervalMs}ms`,
    `    points: [{id: flood, holding-register: 0, type: u16, states: {0: dry, 1: wet}}]`,
  ]);
  const alarms = indexes.map(
    index => `  - {id: flooded-${index}, point: sump-${index}/flood, state: wet, priority: urgent}`,
  );
  return referenceSite({ devices, firstPort, intervalMs: 1_000 })
    .replace('buses:\n', `uplink: {url: "mqtt://127.0.0.1:${brokerPort}"}\nbuses:\n${buses.join('\n')}\n`)
    .concat([...own, 'alarms:', ...alarms, ''].join('\n'));
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
