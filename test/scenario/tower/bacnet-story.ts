import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBacnetDriver } from '../../../drivers/bacnet/bacnet-driver.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { OpenBus } from '../../../src/driver.ts';
import type { Device } from '../../../src/model/device.ts';
import { isComputed, type Sample } from '../../../src/model/point.ts';
import type { Site } from '../../../src/model/site.ts';
import { type Simulator, startSimulator } from '../../../src/sim/simulator.ts';
import { createNumbering, parseSite } from '../../../src/site/site.ts';
import { readOnce } from '../../fakes/read-once.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { startChain } from './chain.ts';

/* A site whose devices speak BACnet: simulated ones, read by the driver over the loopback interface, judged by its rules. */

const config = join(import.meta.dirname, '../../../config');

export function loadBacnetSite(text: string): Site {
  const loaded = parseSite(text, 'site.yaml', {
    numbering: createNumbering(),
    resolvePath: path => path,
    readProfile(name) {
      const file = join(config, 'profiles', `${name}.yaml`);
      return { kind: 'found', file, text: readFileSync(file, 'utf8') };
    },
  });
  if (loaded.kind === 'wrong') throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.site;
}

const addresses: Readonly<Record<string, string>> = { 3100: '127.0.0.2', 3200: '127.0.0.3', 1001: '127.0.0.4' };

/** config/demo-bacnet.yaml on another port, so that a demo may run beside the tests; where devices are is known, for speed. */
export function demoText(port: number): string {
  const demo = readFileSync(join(config, 'demo-bacnet.yaml'), 'utf8').replace('port: 47818', `port: ${port}`);
  return demo.replaceAll(
    /instance: (3100|3200|1001)$/gm,
    (line, instance) => `${line}\n    address: ${addresses[instance]}`,
  );
}

export interface BacnetStory {
  readonly simulator: Simulator;
  /** Lets seconds pass in the plant; everything is read once in each. */
  run(seconds: number): Promise<void>;
  /** The alarms that were raised so far, sorted. */
  raised(): string[];
  /** The newest sample of a point. */
  sampleOf(key: string): Sample | undefined;
  close(): Promise<void>;
}

export async function startBacnetStory(site: Site): Promise<BacnetStory> {
  const clock = new VirtualClock();
  const simulator = await startSimulator({ site, clock, random: seededRandom(7), values: 'plant' });
  const [bus] = site.buses;
  if (bus?.protocol !== 'bacnet-ip') throw new Error('its first bus is not of BACnet');
  const driver = createBacnetDriver({ random: seededRandom(1) });
  const open = driver.create({ bus, clock: systemClock, log: silentLog });
  const devices = site.devices.filter(device => device.bus === bus.id);
  const chain = startChain(site);
  const latest = new Map<string, Sample>();
  let atMs = 0;
  return {
    simulator,
    async run(seconds) {
      for (let second = 0; second < seconds; second += 1) {
        await clock.advance(1_000);
        atMs += 1_000;
        for (const [index, device] of devices.entries()) {
          const { samples, isAnswered } = await readAll(open, device, bus.timeoutMs);
          for (const sample of samples) latest.set(sample.point.key, sample);
          const mono = atMs + index;
          chain.take({ device: device.number, samples, isAnswered, sampledAtMono: mono, sampledAt: mono });
        }
      }
    },
    raised: () => chain.told.flatMap(({ kind, alarm }) => (kind === 'raised' ? [alarm] : [])).toSorted(),
    sampleOf: key => latest.get(key),
    async close() {
      await open.close();
      await simulator.stop();
    },
  };
}

async function readAll(
  bus: OpenBus,
  device: Device,
  timeoutMs: number,
): Promise<{ samples: Sample[]; isAnswered: boolean }> {
  const polled = device.points.filter(point => !isComputed(point));
  const samples: Sample[] = [];
  let isAnswered = false;
  for (const read of bus.plan(device, polled)) {
    const outcome = await readOnce(bus, read, timeoutMs);
    isAnswered ||= outcome.kind === 'answered';
    for (const [index, point] of read.points.entries()) {
      const reading = read.readings[index];
      if (!reading) throw new Error(`${point.key} was not read`);
      const value = reading.value * point.scale + point.offset;
      samples.push({ point, value, text: reading.text, quality: reading.quality });
    }
  }
  return { samples, isAnswered };
}
