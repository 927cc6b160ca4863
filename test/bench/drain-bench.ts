import { connectAsync, type MqttClient } from 'mqtt';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { RealUplink } from '../uplink/real-uplink.ts';
import { alarmEvent } from '../uplink/samples.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';

/*
 * What a week's backlog does to a new alarm: the uplink drains it over real mosquitto as fast as the broker takes it,
 * and every 100 ms an alarm comes up, which is timed until it is at a subscriber. The outbox is in memory, so it is the
 * uplink that is measured and not the disk.
 */

const pointsEach = 50;
const alarmEveryMs = 100;

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const records = isQuick ? 2_000 : 20_000;
  // As docs/mqtt.md recommends it.
  await using broker = await startMosquitto({ config: ['set_tcp_nodelay true'] });
  const subscriber = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5 });
  await subscriber.subscribeAsync(['plantroom/+/alarm', 'plantroom/+/summary'], { qos: 1 });
  await using uplink = new RealUplink(broker.port, { backlogRate: 1e12 });
  uplink.addSummaries(1, records, pointsEach);
  say('drain');
  const startedMono = performance.now();
  const alarmsMs = await timeAlarms(uplink, subscriber);
  const drainMs = performance.now() - startedMono;
  await subscriber.endAsync(true);
  return [
    figure('records of 50 points', records, ''),
    figure('summaries of points per second', (records * pointsEach * 1_000) / drainMs, '/s', '>= 20000'),
    figure('alarms meanwhile', alarmsMs.length, ''),
    figure('alarm in the outbox → at the subscriber, p50', percentile(alarmsMs, 50), 'ms'),
    figure('alarm in the outbox → at the subscriber, p99', percentile(alarmsMs, 99), 'ms', '<= 100'),
  ];
}

/** One alarm after the other until the backlog is gone. */
async function timeAlarms(uplink: RealUplink, subscriber: MqttClient): Promise<number[]> {
  const addedMono = new Map<number, number>();
  const waits: number[] = [];
  subscriber.on('message', (topic, payload) => {
    if (!topic.endsWith('/alarm')) return;
    const addedAt = addedMono.get(JSON.parse(payload.toString('utf8')).data.number);
    if (addedAt !== undefined) waits.push(performance.now() - addedAt);
  });
  for (let number = 1; uplink.outbox.summaries.size > 0; number += 1) {
    addedMono.set(number, performance.now());
    uplink.outbox.addAlarm(alarmEvent(number));
    uplink.uplink.notify();
    await new Promise(resolve => setTimeout(resolve, alarmEveryMs));
  }
  return waits;
}
