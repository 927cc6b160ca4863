import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ModbusTcpBus } from '../../src/model/bus.ts';
import { modbusBus, rtuBus } from '../drivers/modbus/modbus-rig.ts';
import { compilePrograms } from './compile.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';
import type { PolledBus, PolledRegisters, Seen, SeenBus, SeenUnit } from './polling-client.ts';
import { type Child, startScript, talkTo } from './process.ts';

/*
 * The real poller on a bus, with real bytes. First a pty that is paced to 9600 baud: how well the load and the age of values
 * are predicted, and what dead devices cost the others. Then 32 endpoints on TCP of which half are dead, each in a way of
 * its own.
 *
 * The slave stands for hardware and the poller for a gateway that has its machine to itself, so both have a real-time priority
 * where they may (root). What is left of the machine's noise is told: how late the slave was, how long the poller was held up.
 */

const baudRate = 9_600;
const bitsPerCharacter = 11;

/** How a unit on the line is polled, and how long it takes to answer. */
interface Unit {
  readonly turnaroundMs: number;
  readonly reads: readonly PolledRegisters[];
}

interface Wire {
  readonly short: number;
  readonly strange: number;
  /** What the line was taken for, as it should be. */
  readonly wireMs: number;
  /** By how much the slave's answers came later than they should. */
  readonly lateMs: number;
  readonly latestMs: number;
  /** How long bytes were kept back by the kernel at most, as another pty saw it. */
  readonly ptyMs: number;
}

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  using programs = compilePrograms('paced-slave');
  const program = programs.path('paced-slave');
  const figures: Figure[] = [];
  for (const mix of mixes) {
    say(`predicted and measured: ${mix.name}`);
    figures.push(...(await predict(program, mix, isQuick ? 4 : 30, say)));
  }
  for (const plant of deadPlants) {
    say(`dead devices: ${plant.name}`);
    figures.push(...(await dieAndReturn(program, plant, isQuick ? [2, 4] : [5, 25])));
  }
  figures.push(...(await halfDead(isQuick, say)));
  return figures;
}

// The prediction

interface Mix {
  readonly name: string;
  readonly units: readonly Unit[];
}

const read = (count: number, intervalMs: number, first = 0): PolledRegisters => ({ first, count, intervalMs });

const mixes: readonly Mix[] = [
  { name: '8 × 10 registers at 1 s', units: alike(8, { turnaroundMs: 5, reads: [read(10, 1_000)] }) },
  {
    name: 'mixed',
    units: [
      { turnaroundMs: 3, reads: [read(10, 1_000)] },
      { turnaroundMs: 8, reads: [read(10, 1_000)] },
      { turnaroundMs: 25, reads: [read(2, 500)] },
      { turnaroundMs: 12, reads: [read(2, 500)] },
      { turnaroundMs: 40, reads: [read(60, 2_000)] },
      { turnaroundMs: 6, reads: [read(100, 5_000), read(4, 1_000, 200)] },
      { turnaroundMs: 15, reads: [read(20, 2_000)] },
      { turnaroundMs: 0, reads: [read(10, 500)] },
    ],
  },
  { name: '90 % load', units: alike(8, { turnaroundMs: 10, reads: [read(10, 500)] }) },
];

function alike(count: number, unit: Unit): Unit[] {
  return Array.from({ length: count }, () => unit);
}

async function predict(
  program: string,
  { name, units }: Mix,
  seconds: number,
  say: BenchOptions['say'],
): Promise<Figure[]> {
  await using line = await openLine(program, units);
  await pause(2_000);
  await line.mark();
  await pause(seconds * 1_000);
  const { seen, wire, elapsedMs, heldUpMs } = await line.mark();
  const { predictedLoad, forecast, busyMs } = seen;
  const onWire = wire.wireMs / elapsedMs;
  for (const { unitId, lastFailure } of seen.units) if (lastFailure) say(`unit ${unitId}: ${lastFailure}`);
  return [
    figure(`${name}: load on the wire`, 100 * onWire, '%'),
    figure(`${name}: measured by the poller`, (100 * busyMs) / elapsedMs, '%'),
    figure(`${name}: predicted by status`, 100 * predictedLoad, '%'),
    figure(`${name}: forecast by check, before a visit`, 100 * forecast.load, '%'),
    figure(`${name}: status is off the wire by`, offBy(predictedLoad, onWire), '%', '<= 10'),
    figure(`${name}: status is off the poller by`, offBy(predictedLoad, busyMs / elapsedMs), '%', '<= 10'),
    figure(`${name}: check is off the wire by`, offBy(forecast.load, onWire), '%'),
    figure(`${name}: oldest value / worst age by check`, most(seen.units, 'ageOfForecast'), '×', '<= 1'),
    figure(`${name}: the slave woke late, of the wire's time`, (100 * wire.lateMs) / wire.wireMs, '%'),
    figure(`${name}: the slave woke late by at most`, wire.latestMs, 'ms'),
    figure(`${name}: the pty kept a byte back for at most`, wire.ptyMs, 'ms'),
    figure(`${name}: the poller was held up for at most`, heldUpMs, 'ms'),
    figure(`${name}: all that we and the slave were late, of it`, (100 * busyMs) / wire.wireMs - 100, '%'),
    figure(`${name}: reads failed or missed`, lost(seen.units), '', '= 0'),
    figure(`${name}: requests inside 3.5 characters`, wire.short + wire.strange, '', '= 0'),
  ];
}

function offBy(predicted: number, measured: number): number {
  return 100 * Math.abs(predicted / measured - 1);
}

function most(units: readonly SeenUnit[], what: 'ageOfForecast' | 'longestGap'): number {
  return Math.max(...units.map(unit => unit[what]));
}

function lost(units: readonly SeenUnit[]): number {
  return units.reduce((sum, { failed, missed }) => sum + failed + missed, 0);
}

// Dead devices on the line

interface DeadPlant {
  readonly name: string;
  readonly dead: readonly number[];
  readonly intervalMs: number;
  /** The bar of the due reads that the healthy unit that is worst off is given. */
  readonly done: string;
  /** That of the longest gap between its values; null where the line has no time for it. */
  readonly gap: string | null;
}

/** With 4 ms to answer a read of ten registers takes the line 49.8 ms. */
const readMs = 49.8;

const deadPlants: readonly DeadPlant[] = [
  { name: '40 % load, 1 of 8 dead', dead: [3], intervalMs: 1_000, done: '>= 99', gap: '<= 1.3' },
  { name: '40 % load, 3 of 8 dead', dead: [1, 2, 6], intervalMs: 1_000, done: '>= 97', gap: '<= 1.3' },
  { name: '100 % load, 1 of 8 dead', dead: [3], intervalMs: Math.round(8 * readMs), done: '>= 90', gap: null },
];

const longestSearchMs = 20_000;

/** They fall silent while the others are watched, and come back. */
async function dieAndReturn(
  program: string,
  plant: DeadPlant,
  [settleSeconds, seconds]: readonly [number, number],
): Promise<Figure[]> {
  const { name, dead, intervalMs, done, gap } = plant;
  await using line = await openLine(program, alike(8, { turnaroundMs: 4, reads: [read(10, intervalMs)] }));
  await pause(settleSeconds * 1_000);
  await line.tell(dead.map(unit => `silent ${unit}`));
  await line.mark();
  await pause(seconds * 1_000);
  const { seen, wire, heldUpMs } = await line.mark();
  await line.tell(dead.map(unit => `answer ${unit}`));
  await line.mark();
  const foundMs = await line.waitForAll(dead, longestSearchMs);
  const healthy = seen.units.filter(({ unitId }) => !dead.includes(unitId));
  return [
    figure(`${name}: due reads of the worst off of the others`, Math.min(...healthy.map(doneShare)), '%', done),
    figure(`${name}: its longest gap`, most(healthy, 'longestGap'), 'intervals', gap),
    figure(`${name}: share that the dead have taken`, 100 * seen.deadShare, '%'),
    figure(`${name}: the pty kept a byte back for at most`, wire.ptyMs, 'ms'),
    figure(`${name}: the poller was held up for at most`, heldUpMs, 'ms'),
    figure(`${name}: found again, the last of them, after`, foundMs / 1_000, 's', '<= 10'),
  ];
}

function doneShare({ done, failed, missed }: SeenUnit): number {
  return (100 * done) / (done + failed + missed);
}

// A line, its slave and its poller

interface Line extends AsyncDisposable {
  /** Commands for the slave. */
  tell(lines: readonly string[]): Promise<void>;
  /** What slave and poller have seen since the last mark. */
  mark(): Promise<{ seen: SeenBus; wire: Wire; elapsedMs: number; heldUpMs: number }>;
  /** Until each of these units has brought a value since the mark: how long the last of them took; NaN when one did not. */
  waitForAll(units: readonly number[], longestMs: number): Promise<number>;
}

async function openLine(program: string, units: readonly Unit[]): Promise<Line> {
  const args = [String(baudRate), String(bitsPerCharacter)];
  const slave = talkTo(spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const { path } = await slave.next();
  const bus = rtuBus(String(path), { line: { baudRate, parity: 'even', stopBits: 1 } });
  const poller = startPolling([{ bus, units: units.map(({ reads }, index) => ({ unitId: index + 1, reads })) }]);

  async function tell(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      slave.send(line);
      await slave.next();
    }
  }

  await tell(units.map(({ turnaroundMs }, index) => `turnaround ${index + 1} ${turnaroundMs}`));
  await poller.next();
  return {
    tell,
    async mark() {
      const [{ buses, ...times }, wire] = await Promise.all([ask<Seen>(poller, 'mark'), ask<Wire>(slave, '')]);
      return { seen: busAt(buses, 0), wire, ...times };
    },
    async waitForAll(wanted, longestMs) {
      for (const startMs = performance.now(); performance.now() - startMs < longestMs; await pause(250)) {
        const { buses } = await ask<Seen>(poller, 'look');
        const found = busAt(buses, 0).units.filter(({ unitId }) => wanted.includes(unitId));
        if (found.every(({ firstGoodMs }) => firstGoodMs !== null)) {
          return Math.max(...found.map(({ firstGoodMs }) => firstGoodMs ?? Number.NaN));
        }
      }
      return Number.NaN;
    },
    async [Symbol.asyncDispose]() {
      await poller.stop();
      await slave.stop();
    },
  };
}

function startPolling(plan: readonly PolledBus[]): Child {
  const poller = startScript(join(import.meta.dirname, 'polling-client.ts'), [JSON.stringify(plan)]);
  // Not everybody may: then what else the machine does is measured too.
  spawnSync('chrt', ['--all-tasks', '--fifo', '--pid', '10', String(poller.pid)], { stdio: 'ignore' });
  return poller;
}

async function ask<Told>(child: Child, line: string): Promise<Told> {
  child.send(line);
  return (await child.next()) as Told;
}

function busAt(buses: readonly SeenBus[], index: number): SeenBus {
  const bus = buses[index];
  if (!bus) throw new Error('the poller told of no bus');
  return bus;
}

// Half of the endpoints dead

const firstPort = 23_000;
const endpoints = 32;
const healthyEndpoints = 16;
const fourth = 4;
const firstSilent = firstPort + healthyEndpoints;
const firstHung = firstSilent + fourth;
const firstBlackHole = firstHung + fourth;

async function halfDead(isQuick: boolean, say: BenchOptions['say']): Promise<Figure[]> {
  const rounds = isQuick ? 1 : 3;
  const runs = { well: [] as SeenBus[], dead: [] as SeenBus[] };
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of ['well', 'dead'] as const) {
      say(`${endpoints} endpoints on TCP, round ${round} of ${rounds}: ${kind === 'well' ? 'all well' : 'half dead'}`);
      await using others = await (kind === 'well' ? startWell() : startDead());
      runs[kind].push(...(await pollEndpoints(others.onMark, isQuick ? 4 : 12)));
    }
  }
  const done = (of: readonly SeenBus[]) => {
    const units = of.flatMap(bus => bus.units);
    const sum = units.reduce((total, unit) => total + unit.done, 0);
    return (100 * sum) / (sum + lost(units));
  };
  const late = (of: readonly SeenBus[], p: number) =>
    percentile(
      of.flatMap(({ latenessMs }) => latenessMs),
      p,
    );
  const what = `${healthyEndpoints} of ${endpoints} endpoints`;
  return [
    figure(`${what}: due reads done, all well`, done(runs.well), '%'),
    figure(`${what}: due reads done, the others dead`, done(runs.dead), '%', '>= 99.9'),
    figure(`${what}: lateness p50, all well`, late(runs.well, 50), 'ms'),
    figure(`${what}: lateness p50, the others dead`, late(runs.dead, 50), 'ms'),
    figure(`${what}: lateness p99, all well`, late(runs.well, 99), 'ms'),
    figure(`${what}: lateness p99, the others dead`, late(runs.dead, 99), 'ms'),
    // Timers are a millisecond fine.
    figure(`${what}: what the dead add to the p99`, late(runs.dead, 99) - late(runs.well, 99), 'ms', '<= 1'),
  ];
}

/** What is seen of the endpoints that are healthy in both kinds of run. */
async function pollEndpoints(onMark: () => void, seconds: number): Promise<readonly SeenBus[]> {
  const slave = await startSlaves(firstPort, healthyEndpoints);
  const poller = startPolling(
    Array.from({ length: endpoints }, (_, index) => {
      const bus: ModbusTcpBus = { ...modbusBus(firstPort + index), id: `bus-${index}` };
      return { bus, units: [{ unitId: 1, reads: [read(10, 200)] }] };
    }),
  );
  try {
    await poller.next();
    await pause(2_000);
    await ask<Seen>(poller, 'mark');
    onMark();
    await pause(seconds * 1_000);
    const { buses } = await ask<Seen>(poller, 'mark');
    return buses.slice(0, healthyEndpoints);
  } finally {
    await poller.stop();
    await slave.stop();
  }
}

async function startSlaves(port: number, count: number): Promise<Child> {
  const slave = startScript(join(import.meta.dirname, 'slave.ts'), [port, count].map(String));
  await slave.next();
  return slave;
}

/** The other half of the endpoints. */
interface Others extends AsyncDisposable {
  /** What happens to them when the measuring begins. */
  readonly onMark: () => void;
}

async function startWell(): Promise<Others> {
  const slave = await startSlaves(firstSilent, endpoints - healthyEndpoints);
  return { onMark: () => {}, [Symbol.asyncDispose]: slave.stop };
}

/** Four of each: silent while connected, taking connections without a word, a hole without a bottom, nobody there. */
async function startDead(): Promise<Others> {
  const silent = await startSlaves(firstSilent, fourth);
  const hung = new Set<Socket>();
  const servers = Array.from({ length: fourth }, (_, index) =>
    createServer(socket => hung.add(socket.on('error', () => socket.destroy()).resume())).listen(
      firstHung + index,
      '127.0.0.1',
    ),
  );
  const hole = startScript(join(import.meta.dirname, 'black-hole.ts'), [firstBlackHole, fourth].map(String));
  await hole.next();
  const fillers = await Promise.all(Array.from({ length: fourth }, (_, index) => fillUp(firstBlackHole + index)));
  return {
    onMark: () => process.kill(silent.pid, 'SIGSTOP'),
    async [Symbol.asyncDispose]() {
      process.kill(silent.pid, 'SIGCONT');
      for (const server of servers) server.close();
      for (const socket of [...hung, ...fillers.flat()]) socket.destroy();
      await Promise.all([silent.stop(), hole.stop()]);
    },
  };
}

/** Connects until the queue is full and a connection is not made any more. */
async function fillUp(port: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (;;) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    const isMade = await Promise.race([once(socket, 'connect').then(() => true), pause(500, false)]);
    if (!isMade) return sockets;
  }
}
