import { join } from 'node:path';
import type { StatusView } from '../../src/model/view.ts';
import { startDaemon } from '../fakes/daemon.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';
import { countReads, driftPpm, type Seen } from './polling-figures.ts';
import { type Child, cpuMs, rssBytes, startScript } from './process.ts';
import { referencePoints, referenceProfile, referenceReads, referenceSite } from './reference-site.ts';

/*
 * 200 devices × 50 points at 1 s: 10,000 points a second, each with a limit rule. The floor is the barest Node script
 * that polls the same registers. Floor and gateway take turns against the same slaves, so that what else the machine
 * does hits both.
 */

const devices = 200;
const intervalMs = 1_000;
const firstPort = 21_000;

interface Turn {
  readonly cpuShare: number;
  readonly rssBytes: number;
  readonly seen: readonly Seen[];
}

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const rounds = isQuick ? 1 : 3;
  const seconds = isQuick ? 5 : 30;
  const slave = startScript(join(import.meta.dirname, 'slave.ts'), [String(firstPort), String(devices)]);
  await slave.next();
  const floors: Turn[] = [];
  const gateways: Turn[] = [];
  let status: StatusView | undefined;
  try {
    for (let round = 1; round <= rounds; round += 1) {
      say(`round ${round} of ${rounds}: floor`);
      const floor = startScript(
        join(import.meta.dirname, 'floor-poll.ts'),
        [firstPort, devices, intervalMs].map(String),
      );
      await floor.next();
      floors.push(await measure(floor.pid, slave, seconds));
      await floor.stop();
      say(`round ${round} of ${rounds}: gateway`);
      const gateway = await startDaemon(referenceSite({ devices, firstPort, intervalMs }), {
        reference: referenceProfile(),
      });
      gateways.push(await measure(gateway.pid, slave, seconds));
      status = await gateway.client.status();
      await gateway[Symbol.asyncDispose]();
    }
  } finally {
    await slave.stop();
  }
  if (!status) throw new Error('no round was run');
  return report(floors, gateways, status);
}

async function measure(pid: number, slave: Child, seconds: number): Promise<Turn> {
  // Compilation and the first connections are the start, not the running: a gateway runs for years.
  await pause(15_000);
  slave.send('begin anew');
  await slave.next();
  const before = cpuMs(pid);
  const startMs = performance.now();
  await pause(seconds * 1_000);
  const cpuShare = (cpuMs(pid) - before) / (performance.now() - startMs);
  slave.send('tell');
  const { seen } = (await slave.next()) as { seen: readonly Seen[] };
  return { cpuShare, rssBytes: rssBytes(pid), seen };
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

function report(floors: readonly Turn[], gateways: readonly Turn[], status: StatusView): readonly Figure[] {
  const floorCpu = median(floors.map(turn => turn.cpuShare));
  const gatewayCpu = median(gateways.map(turn => turn.cpuShare));
  const { due, done, lost } = countReads(status);
  return [
    figure('points', devices * referencePoints.length, 'points/s'),
    figure('reads a scan', readsPerScan(gateways), 'reads', `<= ${referenceReads.length}`),
    figure('due reads that were not done', lost, 'reads', '= 0'),
    figure('due reads done', (100 * done) / (done + lost), '%', '>= 100'),
    figure('reads under way at the end', due - done - lost, 'reads'),
    figure(
      'drift of the schedule',
      driftPpm(
        gateways.flatMap(({ seen }) => seen),
        intervalMs,
      ),
      'ppm',
      '<= 10',
    ),
    figure(
      'drift of the floor',
      driftPpm(
        floors.flatMap(({ seen }) => seen),
        intervalMs,
      ),
      'ppm',
    ),
    figure('CPU of the floor', 100 * floorCpu, '% of a core'),
    figure('CPU of the gateway', 100 * gatewayCpu, '% of a core'),
    figure('CPU, gateway / floor', gatewayCpu / floorCpu, '×', '<= 2'),
    figure('memory of the floor', median(floors.map(turn => turn.rssBytes)) / 1e6, 'MB'),
    figure('memory of the gateway', Math.max(...gateways.map(turn => turn.rssBytes)) / 1e6, 'MB', '<= 150'),
    figure('sampled → detected, p50', status.latency.sampledToDetected.p50, 'ms'),
    figure('sampled → detected, p99', status.latency.sampledToDetected.p99, 'ms', '<= 1'),
    figure('lateness of reads, p50', status.latency.lateness.p50, 'ms'),
    figure('lateness of reads, p99', status.latency.lateness.p99, 'ms'),
  ];
}

function readsPerScan(turns: readonly Turn[]): number {
  const seen = turns.flatMap(turn => turn.seen);
  return Math.round(sum(seen.map(one => one.requests)) / sum(seen.map(one => one.scans)));
}

function median(values: readonly number[]): number {
  return percentile(values, 50);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
