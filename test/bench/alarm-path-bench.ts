import { connectAsync } from 'mqtt';
import { seededRandom } from '../../src/base/random.ts';
import { startDaemon } from '../fakes/daemon.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { startRegisterSlave } from '../fakes/register-slave.ts';
import { openDiskSync } from './disk-sync.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';
import { sumpSite } from './reference-site.ts';

/*
 * The way of an alarm on a gateway that has nothing else to do: detected, committed, acknowledged by mosquitto, by the
 * daemon's own clock. The floor is a sync of the same disk at the same pace and between the events, since a disk that
 * rested is several times slower than one that is kept busy.
 */

const intervalMs = 50;

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const events = isQuick ? 30 : 500;
  await using broker = await startMosquitto();
  await using slave = await startRegisterSlave();
  // With nobody subscribed the broker would say so, and the event would be kept.
  const subscriber = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5 });
  await subscriber.subscribeAsync('plantroom/bench/alarm', { qos: 1 });
  slave.set(0, 0);
  await using daemon = await startDaemon(sumpSite(slave.port, broker.port, intervalMs));
  using disk = openDiskSync();
  const random = seededRandom(1);
  const syncMs: number[] = [];
  for (let event = 0; event < events; event += 1) {
    if (event % 50 === 0) say(`event ${event} of ${events}`);
    await rest(random.next());
    syncMs.push(disk.measure());
    // At any phase of the poll, never in step with it.
    await rest(random.next());
    const arrived = new Promise(resolve => subscriber.once('message', resolve));
    slave.set(0, event % 2 === 0 ? 300 : 0);
    await arrived;
  }
  await rest(1);
  const { latency } = await daemon.client.status();
  await subscriber.endAsync();

  const { detectedToAcknowledged: whole, detectedToCommitted: committed } = latency;
  const acknowledged = latency.committedToAcknowledged;
  const syncP99 = percentile(syncMs, 99);
  return [
    figure('events', whole.count, '', `>= ${events}`),
    figure('4 KiB append and fdatasync, p50', percentile(syncMs, 50), 'ms'),
    figure('4 KiB append and fdatasync, p99', syncP99, 'ms'),
    figure('detected → committed, p50', committed.p50, 'ms'),
    figure('detected → committed, p99', committed.p99, 'ms'),
    figure('committed → acknowledged, p50', acknowledged.p50, 'ms'),
    figure('committed → acknowledged, p99', acknowledged.p99, 'ms'),
    figure('detected → acknowledged, p50', whole.p50, 'ms'),
    figure('detected → acknowledged, p99', whole.p99, 'ms'),
    figure('its p99 / (3 × the p99 of the sync + 2 ms)', whole.p99 / (3 * syncP99 + 2), '×', '<= 1'),
  ];
}

/** Two to three polls. */
function rest(share: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, intervalMs * (2 + share)));
}
