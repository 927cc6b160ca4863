import { join } from 'node:path';
import { seededRandom } from '../../src/base/random.ts';
import type { AlarmEvent } from '../../src/model/alarm.ts';
import type { StatusView } from '../../src/model/view.ts';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { type RegisterSlave, startRegisterSlave } from '../fakes/register-slave.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';
import { countReads, driftPpm, type ReadCounts, type Seen } from './polling-figures.ts';
import { rssBytes, startScript } from './process.ts';
import { referenceProfile, referenceSite } from './reference-site.ts';

/*
 * Ten minutes of 200 devices × 50 points at 1 s, and beside them a sump that is read every 100 ms, whose level steps over
 * its limit and back at any moment. How late a step is detected counts from when the device has the new value: the wait
 * for the next poll is in it, which no program can shorten.
 */

const devices = 200;
const intervalMs = 1_000;
const fastIntervalMs = 100;
const fastPoints = 20;
const firstPort = 21_000;
const settleMs = 15_000;
/** Far below what one answer of the daemon holds. */
const stepsPerBatch = 200;

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const minutes = isQuick ? 0.5 : 10;
  const slaves = startScript(join(import.meta.dirname, 'slave.ts'), [String(firstPort), String(devices)]);
  await slaves.next();
  try {
    await using sump = await startRegisterSlave();
    await using daemon = await startDaemon(site(sump.port), { reference: referenceProfile() });
    await pause(settleMs);
    slaves.send('begin anew');
    await slaves.next();
    const started = countReads(await daemon.client.status());
    const delays = await step(daemon, sump, minutes, say);
    slaves.send('tell');
    const { seen } = (await slaves.next()) as { seen: readonly Seen[] };
    return report(delays, seen, started, await daemon.client.status(), rssBytes(daemon.pid));
  } finally {
    await slaves.stop();
  }
}

interface Delays {
  readonly ms: number[];
  /** Steps without an event, and events without a step. */
  unmatched: number;
}

/** Steps the level about every second, until the time is up. */
async function step(daemon: Daemon, sump: RegisterSlave, minutes: number, say: BenchOptions['say']): Promise<Delays> {
  const random = seededRandom(1);
  const delays: Delays = { ms: [], unmatched: 0 };
  const endMono = performance.now() + minutes * 60_000;
  let isHigh = false;
  while (performance.now() < endMono) {
    const steppedAt: number[] = [];
    while (steppedAt.length < stepsPerBatch && performance.now() < endMono) {
      // At any phase of the poll, never in step with it.
      await pause(500 + 1_000 * random.next());
      isHigh = !isHigh;
      steppedAt.push(Date.now());
      sump.set(0, isHigh ? 300 : 0);
    }
    await pause(5 * fastIntervalMs);
    const { history } = await daemon.client.alarms(steppedAt.length);
    match(steppedAt, history.toReversed(), delays);
    say(`${Math.max(0, Math.round((endMono - performance.now()) / 1_000))} s left, ${delays.ms.length} steps`);
  }
  return delays;
}

function match(steppedAt: readonly number[], events: readonly AlarmEvent[], delays: Delays): void {
  delays.unmatched += Math.abs(steppedAt.length - events.length);
  for (const [index, { detectedAt }] of events.entries()) {
    const at = steppedAt[index];
    if (at !== undefined && detectedAt >= at) delays.ms.push(detectedAt - at);
    else delays.unmatched += 1;
  }
}

function report(
  delays: Delays,
  seen: readonly Seen[],
  started: ReadCounts,
  status: StatusView,
  memoryBytes: number,
): readonly Figure[] {
  const now = countReads(status);
  const done = now.done - started.done;
  const lost = now.lost - started.lost;
  const { lateness, sampledToDetected } = status.latency;
  return [
    figure('ran for', status.uptimeMs / 60_000, 'min'),
    figure('reads due', now.due - started.due, 'reads'),
    figure('lost in the first 15 s, while everything started', started.lost, 'reads'),
    figure('due reads that were not done', lost, 'reads', '= 0'),
    figure('due reads done', (100 * done) / (done + lost), '%', '>= 100'),
    figure('drift of the schedule', driftPpm(seen, intervalMs), 'ppm', '<= 10'),
    figure('lateness of reads, p50', lateness.p50, 'ms', '<= 0.5'),
    figure('lateness of reads, p99', lateness.p99, 'ms'),
    figure('steps of the fast group', delays.ms.length, ''),
    figure('steps without their event', delays.unmatched, '', '= 0'),
    figure('value in the device → detected, p50', percentile(delays.ms, 50), 'ms'),
    figure('value in the device → detected, p95', percentile(delays.ms, 95), 'ms', '<= 105'),
    figure('value in the device → detected, the longest', Math.max(...delays.ms), 'ms'),
    figure('sampled → detected, p99', sampledToDetected.p99, 'ms', '<= 1'),
    figure('memory', memoryBytes / 1e6, 'MB', '<= 150'),
  ];
}

/** The reference site, and the sump beside it. */
function site(sumpPort: number): string {
  const others = Array.from(
    { length: fastPoints - 1 },
    (_, index) => `      - {id: p${index}, holding-register: ${index + 1}, type: u16}`,
  );
  return referenceSite({ devices, firstPort, intervalMs })
    .replace('devices:\n', `  - {id: sump, protocol: modbus-tcp, host: 127.0.0.1, port: ${sumpPort}}\ndevices:\n`)
    .concat(
      [
        `  - id: sump`,
        `    bus: sump`,
        `    interval: ${fastIntervalMs}ms`,
        `    points:`,
        `      - {id: level, holding-register: 0, type: u16, scale: 0.01, unit: m}`,
        ...others,
        `alarms:`,
        `  - {id: level-high, point: sump/level, high: 2 m, priority: urgent}`,
        ``,
      ].join('\n'),
    );
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
