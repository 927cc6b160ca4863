import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { propertyIds } from '../../src/sim/bacnet/ids.ts';
import { analog, one } from '../../src/sim/bacnet/object.ts';
import { startBacnetDevices } from '../../src/sim/bacnet/start.ts';
import { real } from '../../src/sim/bacnet/value.ts';
import { devices, firstInstance, hostOf, intervalMs, limit, pointsPerDevice } from './bacnet-plant.ts';
import { percentile } from './figures.ts';

/*
 * Simulated BACnet devices for the benchmark, in a process of their own, with values that move. They note when each of their
 * answers left: how late a master is shows at its devices, whatever it says of itself.
 *
 * A line on standard input tells how many of them are to be dead from now on; the answer says what was seen until then.
 */

const [port = 0] = process.argv.slice(2).map(Number);

/** An answer to a poll is longer than any I-Am. */
const shortestAnswer = 100;

const answered: number[][] = Array.from({ length: devices }, () => []);
const indexByHost = new Map(answered.map((_, index) => [hostOf(index), index]));

const network = await startBacnetDevices({
  port,
  broadcast: '127.255.255.255',
  devices: answered.map((_, index) => ({
    instance: firstInstance + index,
    host: hostOf(index),
    objects: Array.from({ length: pointsPerDevice }, (_, point) =>
      analog(point, `Point ${point}`, point, { units: 5 }),
    ),
  })),
  onSent(frame, from) {
    if (frame.length > shortestAnswer) answered[indexByHost.get(from.host) ?? 0]?.push(performance.now());
  },
});

let tick = 0;
setInterval(() => {
  tick += 1;
  for (const { table } of network.devices) {
    for (const object of table.all.values()) {
      if (object.properties.has(propertyIds['present-value']))
        object.properties.set(propertyIds['present-value'], one(real((object.instance + tick) % (limit / 2))));
    }
  }
}, intervalMs);

/** By how much answers came later than the schedule that fits the device best, ms. */
function latenessOf(times: readonly number[]): number[] {
  const phases = times.map(time => time % intervalMs);
  // Around the middle one, so that a phase near the end of the interval does not wrap around.
  const middle = percentile(phases, 50);
  const offsets = phases.map(phase => ((phase - middle + 1.5 * intervalMs) % intervalMs) - intervalMs / 2);
  const earliest = Math.min(...offsets);
  return offsets.map(offset => offset - earliest);
}

createInterface({ input: process.stdin }).on('line', line => {
  const alive = answered.filter(times => times.length > 0);
  const lateness = alive.flatMap(latenessOf);
  const told = {
    answers: answered.map(times => times.length),
    latenessP50: percentile(lateness, 50),
    latenessP99: percentile(lateness, 99),
  };
  process.stdout.write(`${JSON.stringify(told)}\n`);
  for (const times of answered) times.length = 0;
  network.devices.forEach((device, index) => {
    device.clearFaults();
    if (index < Number(line)) device.startFault('silent');
  });
});
process.stdout.write('{"ready":true}\n');
process.on('SIGTERM', () => process.exit(0));
