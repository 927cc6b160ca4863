import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { seededRandom } from '../../src/base/random.ts';
import { startDaemon } from '../fakes/daemon.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { type RegisterSlave, startRegisterSlave } from '../fakes/register-slave.ts';
import { openDiskSync } from './disk-sync.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';
import { startScript } from './process.ts';
import { sumpSite } from './reference-site.ts';

/*
 * From a step in a register to the alarm at a subscriber, through the real daemon and mosquitto: in front of the step
 * the poll wait, which no program can shorten; behind it what is ours, durable commit included. The floor is a bare
 * script that polls, compares and publishes without keeping anything.
 */

const intervalMs = 100;

interface Steps {
  /** From the slave's first answer with the new value to the message. */
  readonly ownMs: number[];
  /** From the step itself to the message. */
  readonly endToEndMs: number[];
}

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const steps = isQuick ? 10 : 100;
  say('disk');
  const syncMs = await measureSync(isQuick ? 10 : 60);
  await using broker = await startMosquitto();
  await using slave = await startRegisterSlave();
  const subscriber = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5 });
  await subscriber.subscribeAsync(['floor/alarm', 'plantroom/bench/alarm'], { qos: 1 });

  say('floor');
  const script = join(import.meta.dirname, 'floor-latency.ts');
  const floorScript = startScript(script, [slave.port, broker.port, intervalMs].map(String));
  await floorScript.next();
  const floor = await takeSteps(slave, subscriber, steps);
  await floorScript.stop();

  say('gateway');
  await using daemon = await startDaemon(sumpSite(slave.port, broker.port, intervalMs));
  const own = await takeSteps(slave, subscriber, steps);
  const { latency } = await daemon.client.status();
  await subscriber.endAsync();

  const floorP50 = percentile(floor.ownMs, 50);
  const ownP50 = percentile(own.ownMs, 50);
  const syncP50 = percentile(syncMs, 50);
  return [
    figure('4 KiB append and fdatasync on this disk, p50', syncP50, 'ms'),
    figure('4 KiB append and fdatasync on this disk, p99', percentile(syncMs, 99), 'ms'),
    figure('floor: value sent → message, p50', floorP50, 'ms'),
    figure('floor: value sent → message, p99', percentile(floor.ownMs, 99), 'ms'),
    figure('gateway: value sent → message, p50', ownP50, 'ms'),
    figure('gateway: value sent → message, p99', percentile(own.ownMs, 99), 'ms', '<= 10'),
    figure('gateway / (2 × floor + one sync), p50', ownP50 / (2 * floorP50 + syncP50), '×'),
    figure('gateway: step → message, p50', percentile(own.endToEndMs, 50), 'ms'),
    figure('gateway: step → message, p95', percentile(own.endToEndMs, 95), 'ms', '<= 105'),
    figure('by its own histograms: sampled → detected, p99', latency.sampledToDetected.p99, 'ms', '<= 1'),
    figure('detected → committed, p50', latency.detectedToCommitted.p50, 'ms'),
    figure('detected → committed, p99', latency.detectedToCommitted.p99, 'ms'),
    figure('committed → acknowledged, p50', latency.committedToAcknowledged.p50, 'ms'),
    figure('committed → acknowledged, p99', latency.committedToAcknowledged.p99, 'ms'),
  ];
}

async function takeSteps(slave: RegisterSlave, subscriber: MqttClient, count: number): Promise<Steps> {
  const random = seededRandom(1);
  const steps: Steps = { ownMs: [], endToEndMs: [] };
  slave.set(0, 0);
  await pause(5 * intervalMs);
  for (let step = 0; step < count; step += 1) {
    // At any phase of the poll, never in step with it.
    await pause(intervalMs * (1.5 + random.next()));
    const arrived = new Promise<number>(resolve => subscriber.once('message', () => resolve(performance.now())));
    const steppedMono = performance.now();
    slave.set(0, step % 2 === 0 ? 300 : 0);
    const sentMono = await slave.sent(0);
    const arrivedMono = await arrived;
    steps.ownMs.push(arrivedMono - sentMono);
    steps.endToEndMs.push(arrivedMono - steppedMono);
  }
  return steps;
}

/** At the pace of the steps: a disk that rested is several times slower than one that is kept busy. */
async function measureSync(count: number): Promise<number[]> {
  using disk = openDiskSync();
  const times: number[] = [];
  for (let round = 0; round < count; round += 1) {
    await pause(1.5 * intervalMs);
    times.push(disk.measure());
  }
  return times;
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
