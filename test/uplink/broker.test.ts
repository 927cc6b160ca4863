import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { createUplink, type Uplink, type UplinkOptions } from '../../src/uplink/uplink.ts';
import { MemoryOutbox } from '../fakes/memory-outbox.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { startSubscriber } from '../fakes/mosquitto-sub.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { alarmEvent, gateway, settingsFor } from './samples.ts';

function uplinkTo(port: number, outbox: MemoryOutbox, changes: Partial<UplinkOptions> = {}): Uplink {
  return createUplink({
    settings: settingsFor(port),
    gateway,
    version: '0.1.0',
    password: () => undefined,
    outbox,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    ...changes,
  });
}

test('smoke', async () => {
  await using broker = await startMosquitto();
  await using subscriber = await startSubscriber({ port: broker.port, topic: '#' });
  const outbox = new MemoryOutbox();
  for (let number = 1; number <= 500; number += 1) outbox.alarms.set(number, alarmEvent(number));
  const uplink = uplinkTo(broker.port, outbox);
  uplink.start();
  await waitUntil(
    () => outbox.isEmpty,
    () => JSON.stringify(uplink.figures()),
  );
  await uplink.stop();
  const got = await subscriber.waitFor(502);
  expect(got.map(m => m.topic).slice(0, 2)).toEqual(['plantroom/pump-room-1/status', 'plantroom/pump-room-1/alarm']);
});
