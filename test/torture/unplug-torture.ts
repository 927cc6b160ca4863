import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModbusDrivers } from '../../drivers/modbus/modbus-driver.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { ModbusBus } from '../../src/model/bus.ts';
import type { SerialLine } from '../../src/model/serial-line.ts';
import { createPoller } from '../../src/poll/poller.ts';
import { openPtyServer } from '../../src/sim/pty-server.ts';
import { createImage } from '../../src/sim/register-image.ts';
import { openSocketServer } from '../../src/sim/socket-server.ts';
import { createUnit } from '../../src/sim/unit.ts';
import { modbusAddress, modbusBus, modbusDevice, rtuBus, rtuOverTcpBus } from '../drivers/modbus/modbus-rig.ts';
import { mayMakeHosts, openFarHost } from '../fakes/network.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * Pulling plugs under a running poller: the serial adapter, the listening socket, the device server, the network cable.
 * After each one is put back in, the device must be read again within two polls or five seconds, whichever is longer, and
 * without a restart of anything. One run is one plug pulled, of each kind.
 */

const intervalMs = 250;
const backWithinMs = Math.max(2 * intervalMs, 5_000);
const line: SerialLine = { baudRate: 115_200, parity: 'even', stopBits: 1 };

/** Something with a plug, and the bus that leads to it. */
interface Plugged extends AsyncDisposable {
  readonly bus: ModbusBus;
  unplug(): Promise<void>;
  plug(): Promise<void>;
}

type Kind = readonly [name: string, open: (random: Random) => Promise<Plugged>];

const kinds: readonly Kind[] = [
  ['serial adapter', openAdapter],
  ['listening socket', random => openSocket(random, 'tcp')],
  ['device server', random => openSocket(random, 'rtu')],
  ...(mayMakeHosts() ? [['network cable', openCable] as Kind] : []),
];

export async function torture({ runs = 100, seed, say }: TortureOptions): Promise<Verdict> {
  const counts: Record<string, number> = {};
  const violations: string[] = [];
  if (!mayMakeHosts()) say('not root: the network cable is left out');
  await Promise.all(
    kinds.map(async ([name, open], index) => {
      const random = seededRandom(seed + index);
      const longestMs = await pullPlugs(name, await open(random), { runs, random, say, violations });
      counts[`${name}: pulled`] = runs;
      counts[`${name}: longest time until it was read again, ms`] = Math.round(longestMs);
    }),
  );
  return { counts, violations };
}

interface Pulling {
  readonly runs: number;
  readonly random: Random;
  readonly say: TortureOptions['say'];
  readonly violations: string[];
}

async function pullPlugs(name: string, plugged: Plugged, options: Pulling): Promise<number> {
  await using _ = plugged;
  let goodMono = 0;
  let badMono = 0;
  const poller = createPoller({
    drivers: new Map(createModbusDrivers().map(driver => [driver.protocol, driver])),
    clock: systemClock,
    random: options.random,
    log: silentLog,
    onBatch: ({ samples }) => {
      if (samples.every(({ quality }) => quality === 'good')) goodMono = performance.now();
      else badMono = performance.now();
    },
    onLateness: () => undefined,
  });
  const device = modbusDevice([modbusAddress('holding-register', 0)]);
  const points = device.points.map(point => ({ ...point, intervalMs }));
  await poller.replace({ buses: [plugged.bus], devices: [{ ...device, points }], rules: [] });
  let longestMs = 0;
  try {
    await until(() => goodMono > 0, 'was never read');
    for (let run = 1; run <= options.runs; run += 1) {
      const pulledMono = performance.now();
      await plugged.unplug();
      await until(() => badMono > pulledMono, 'was still read well without its plug');
      await pause(options.random.next() * 3_000);
      await plugged.plug();
      const pluggedMono = performance.now();
      await until(() => goodMono > pluggedMono, 'was never read again');
      const backMs = goodMono - pluggedMono;
      longestMs = Math.max(longestMs, backMs);
      if (backMs > backWithinMs) options.violations.push(`${name}: read again only after ${Math.round(backMs)} ms`);
      if (run % 20 === 0) options.say(`${name}: ${run} of ${options.runs}, at most ${Math.round(longestMs)} ms`);
    }
  } catch (thrown) {
    options.violations.push(`${name}: ${thrown instanceof Error ? thrown.message : thrown}`);
  } finally {
    await poller.stop();
  }
  return longestMs;
}

function simulatedUnit() {
  const unit = createUnit({
    unitId: 1,
    image: createImage(modbusDevice([modbusAddress('holding-register', 0)]).points),
  });
  return unit;
}

async function openAdapter(random: Random): Promise<Plugged> {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-adapter-'));
  const path = join(folder, 'port');
  const server = await openPtyServer({ path, line, units: [simulatedUnit()], clock: systemClock, random });
  return {
    bus: rtuBus(path, { line, timeoutMs: 300 }),
    unplug: () => server.unplug(),
    plug: () => server.plug(),
    async [Symbol.asyncDispose]() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openSocket(random: Random, framing: 'tcp' | 'rtu'): Promise<Plugged> {
  const server = await openSocketServer({
    framing,
    host: '127.0.0.1',
    port: 0,
    units: [simulatedUnit()],
    clock: systemClock,
    random,
    ...(framing === 'rtu' ? { line } : {}),
  });
  const port = server.port ?? 0;
  const bus = framing === 'tcp' ? modbusBus(port) : { ...rtuOverTcpBus(port), line };
  return {
    bus: { ...bus, timeoutMs: 300 },
    unplug: () => server.unplug(),
    plug: () => server.plug(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function openCable(random: Random): Promise<Plugged> {
  const socket = await openSocket(random, 'tcp');
  const far = await openFarHost(socket.bus.protocol === 'modbus-tcp' ? socket.bus.port : 0);
  return {
    bus: { ...modbusBus(far.port, far.host), timeoutMs: 300 },
    unplug: () => far.unplug(),
    plug: () => far.plug(),
    async [Symbol.asyncDispose]() {
      await far[Symbol.asyncDispose]();
      await socket[Symbol.asyncDispose]();
    },
  };
}

async function until(isMet: () => boolean, otherwise: string): Promise<void> {
  for (let waitedMs = 0; !isMet(); waitedMs += 10) {
    if (waitedMs > 60_000) throw new Error(otherwise);
    await pause(10);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
