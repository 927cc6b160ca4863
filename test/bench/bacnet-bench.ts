import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { bacnetSite, devices, intervalMs, pointsPerDevice } from './bacnet-plant.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';
import { countReads } from './polling-figures.ts';
import { type Child, cpuMs, rssBytes, startScript } from './process.ts';

/*
 * 50 BACnet/IP devices × 40 points at 1 s, each with a limit rule; then ten of them are dead. The floor is the barest script
 * that asks the same devices for the same properties over node:dgram, in turns with the gateway.
 *
 * How late reads are is measured at the devices: by how much the times of their answers leave the schedule.
 */

const port = 21_808;
const dead = 10;
/** Starting, finding the devices and compiling are not the running: a gateway runs for years. */
const settleMs = 15_000;
/** Until those that died are known to be dead, and no read to them is under way. */
const dyingMs = 10_000;

interface Turn {
  readonly cpuShare: number;
  readonly rssBytes: number;
  readonly seconds: number;
  readonly answers: readonly number[];
  readonly latenessP50: number;
  readonly latenessP99: number;
}

interface GatewayRound {
  readonly healthy: Turn;
  readonly halfDead: Turn;
  /** Of reads due while all devices lived. */
  readonly lost: number;
  readonly done: number;
  readonly goodPoints: number;
}

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const rounds = isQuick ? 1 : 3;
  const seconds = isQuick ? 5 : 30;
  const slave = startScript(join(import.meta.dirname, 'bacnet-slave.ts'), [String(port)]);
  await slave.next();
  const floors: Turn[] = [];
  const gateways: GatewayRound[] = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      say(`round ${round} of ${rounds}: floor`);
      const floor = startScript(join(import.meta.dirname, 'floor-bacnet.ts'), [String(port)]);
      await floor.next();
      floors.push(await measure(floor.pid, slave, settleMs, seconds, 0));
      floor.send('tell');
      const { strange } = await floor.next();
      if (strange !== 0) throw new Error(`the floor had ${strange} answers that it did not understand`);
      checkFloor(floors.at(-1));
      await floor.stop();
      say(`round ${round} of ${rounds}: gateway, then with ${dead} dead devices`);
      const gateway = await startDaemon(bacnetSite(port));
      gateways.push(await runGateway(gateway, slave, seconds));
      await gateway[Symbol.asyncDispose]();
    }
  } finally {
    await slave.stop();
  }
  return report(floors, gateways);
}

async function runGateway(gateway: Daemon, slave: Child, seconds: number): Promise<GatewayRound> {
  await pause(settleMs);
  const before = countReads(await gateway.client.status());
  const healthy = await measure(gateway.pid, slave, 0, seconds, dead);
  const after = countReads(await gateway.client.status());
  const points = await gateway.client.points();
  const goodPoints = points.filter(({ key, quality }) => !key.startsWith('self/') && quality === 'good').length;
  const halfDead = await measure(gateway.pid, slave, dyingMs, seconds, 0);
  return { healthy, halfDead, goodPoints, lost: after.lost - before.lost, done: after.done - before.done };
}

/** @param deadAfterwards how many devices are dead once it is over */
async function measure(
  pid: number,
  slave: Child,
  waitMs: number,
  seconds: number,
  deadAfterwards: number,
): Promise<Turn> {
  await pause(waitMs);
  slave.send(String(deadNow));
  await slave.next();
  const before = cpuMs(pid);
  const startMs = performance.now();
  await pause(seconds * 1_000);
  const elapsedMs = performance.now() - startMs;
  const cpuShare = (cpuMs(pid) - before) / elapsedMs;
  deadNow = deadAfterwards;
  slave.send(String(deadNow));
  const { answers, latenessP50, latenessP99 } = (await slave.next()) as unknown as Turn;
  return { cpuShare, rssBytes: rssBytes(pid), seconds: elapsedMs / 1_000, answers, latenessP50, latenessP99 };
}

let deadNow = 0;

/** A floor that asks seldom, or in vain, would be a cheap one. */
function checkFloor(floor: Turn | undefined): void {
  const rate = floor ? perScan([floor], 0) : 0;
  if (rate < 0.95) throw new Error(`the floor had ${(100 * rate).toFixed(1)} % of the answers that it asks for`);
}

function report(floors: readonly Turn[], rounds: readonly GatewayRound[]): Figure[] {
  const healthy = rounds.map(round => round.healthy);
  const halfDead = rounds.map(round => round.halfDead);
  const cpu = (turns: readonly Turn[]) =>
    100 *
    percentile(
      turns.map(({ cpuShare }) => cpuShare),
      50,
    );
  const p99 = (turns: readonly Turn[]) =>
    percentile(
      turns.map(({ latenessP99 }) => latenessP99),
      50,
    );
  // While all live: rates with dead ones are shares of it.
  const requests = perScan(healthy, 0);
  const { done, lost, goodPoints } = {
    done: sum(rounds.map(round => round.done)),
    lost: sum(rounds.map(round => round.lost)),
    goodPoints: Math.min(...rounds.map(round => round.goodPoints)),
  };
  return [
    figure('points', devices * pointsPerDevice, 'points/s'),
    figure('good points, the fewest', goodPoints, '', `= ${devices * pointsPerDevice}`),
    figure('requests a scan and device', requests, ''),
    figure('due reads done', (100 * done) / (done + lost), '%', '>= 99.9'),
    figure('CPU of the floor', cpu(floors), '% of a core'),
    figure('CPU of the gateway', cpu(healthy), '% of a core', '<= 15'),
    figure('CPU, gateway / floor', cpu(healthy) / cpu(floors), '×'),
    figure('memory of the gateway', Math.max(...healthy.map(turn => turn.rssBytes)) / 1e6, 'MB', '<= 150'),
    figure(
      'lateness at the devices, p50',
      percentile(
        healthy.map(({ latenessP50 }) => latenessP50),
        50,
      ),
      'ms',
    ),
    figure('lateness at the devices, p99', p99(healthy), 'ms', '<= 50'),
    figure('lateness of the floor, p99', p99(floors), 'ms'),
    figure(`${dead} dead: answers of theirs`, sum(halfDead.flatMap(turn => turn.answers.slice(0, dead))), '', '= 0'),
    figure(`${dead} dead: rate of the others`, (100 * perScan(halfDead, dead)) / requests, '%', '>= 95'),
    figure(`${dead} dead: rate of the slowest other`, (100 * slowest(halfDead)) / requests, '%', '>= 95'),
    figure(`${dead} dead: lateness of the others, p99`, p99(halfDead), 'ms'),
    figure(`${dead} dead: CPU of the gateway`, cpu(halfDead), '% of a core'),
  ];
}

/** Answers of a device in one interval, on average; from the device `first` on. */
function perScan(turns: readonly Turn[], first: number): number {
  const answers = sum(turns.flatMap(turn => turn.answers.slice(first)));
  const scans = sum(turns.map(turn => scansOf(turn) * (devices - first)));
  return answers / scans;
}

function slowest(turns: readonly Turn[]): number {
  return Math.min(...turns.flatMap(turn => turn.answers.slice(dead).map(count => count / scansOf(turn))));
}

function scansOf({ seconds }: Turn): number {
  return (1_000 * seconds) / intervalMs;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
