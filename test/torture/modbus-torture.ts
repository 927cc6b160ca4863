import type { Exchange } from '../../drivers/modbus/exchange.ts';
import type { OpenLink } from '../../drivers/modbus/link.ts';
import { createModbusBus } from '../../drivers/modbus/modbus-driver.ts';
import { RtuExchange } from '../../drivers/modbus/rtu-exchange.ts';
import { TcpExchange } from '../../drivers/modbus/tcp-exchange.ts';
import { silentLog } from '../../src/base/log.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { OpenBus, Read, ReadOutcome } from '../../src/driver.ts';
import type { ModbusBus } from '../../src/model/bus.ts';
import type { Device } from '../../src/model/device.ts';
import { createImage, type RegisterImage } from '../../src/sim/register-image.ts';
import { createUnit, type Unit } from '../../src/sim/unit.ts';
import { type TimedFault, wireFaultsOn } from '../../src/sim/wire-fault.ts';
import { modbusAddress, modbusBus, modbusDevice, rtuBus, rtuOverTcpBus } from '../drivers/modbus/modbus-rig.ts';
import { createSimulatedWire } from '../fakes/simulated-wire.ts';
import { contentOf, isBit, stamp } from '../fakes/stamped-registers.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * Damaged replies of every kind over every link, in random order, on a virtual clock. Every register says its unit, its address
 * and its request. One run is one damaged reply. After each storm every device must be read well by the first
 * poll after the longest time that an answer may take.
 */

const timeoutMs = 120;
const worstCaseMs = 400;
/** Answers on a serial line are late at most by what the site file promises; on TCP by anything. */
const latestMs = { tcp: 3_000, rtu: worstCaseMs - 20 } as const;
/** A double that comes after the silence of the line is, for a serial line, the answer to the next request. */
const latestDoubleMs = { tcp: 1_000, rtu: 1.5 } as const;
const babbleMs = 150;
/** Reads of a storm, and the share of them that go wrong. */
const stormReads = 60;
const damagedShare = 0.8;
const unitIds = [1, 2, 3, 4] as const;
/** A storm begins with a new driver every so often: what it learned of refused registers belongs to a device. */
const stormsPerBus = 5;

const links: readonly ModbusBus[] = [
  { ...modbusBus(502), id: 'tcp', connectTimeoutMs: 100, timeoutMs: worstCaseMs },
  { ...rtuBus('/dev/simulated'), id: 'rtu', timeoutMs: worstCaseMs },
  { ...rtuOverTcpBus(4_001), id: 'rtu-over-tcp', connectTimeoutMs: 100, timeoutMs: worstCaseMs },
];

interface Tally {
  damaged: number;
  good: number;
  bad: number;
  /** Values that were told as good and were not what the device holds. */
  wrong: number;
  /** Devices that were not read well by the first poll after a storm. */
  notBack: number;
  readonly examples: string[];
  /** Names of the faults that were made. */
  readonly faults: Set<string>;
}

export async function torture({ runs = 1_000_000, seed, say }: TortureOptions): Promise<Verdict> {
  const counts: Record<string, number> = {};
  const violations: string[] = [];
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  for (const [index, bus] of links.entries()) {
    const tally: Tally = { damaged: 0, good: 0, bad: 0, wrong: 0, notBack: 0, examples: [], faults: new Set() };
    const heapBefore = heapBytes();
    await storm(bus, tally, Math.ceil(runs / links.length), seededRandom(seed + index), say);
    counts[`${bus.id}: damaged replies`] = tally.damaged;
    counts[`${bus.id}: kinds of damage`] = tally.faults.size;
    counts[`${bus.id}: kinds of damage there are`] = wireFaultsOn(framingOf(bus)).length;
    counts[`${bus.id}: values read`] = tally.good;
    counts[`${bus.id}: reads failed`] = tally.bad;
    counts[`${bus.id}: wrong values`] = tally.wrong;
    counts[`${bus.id}: devices not back after one poll`] = tally.notBack;
    counts[`${bus.id}: heap grown by, MB`] = Math.max(0, Math.round((heapBytes() - heapBefore) / 1e5) / 10);
    violations.push(...tally.examples);
    // The table of test results is all that may stay behind.
    if (heapBytes() - heapBefore > 20e6) violations.push(`${bus.id}: the heap grew by more than 20 MB`);
  }
  process.off('unhandledRejection', onUnhandled);
  violations.push(...unhandled.map(reason => `unhandled rejection: ${reason}`));
  return { counts, violations };
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function storm(
  bus: ModbusBus,
  tally: Tally,
  damagedReplies: number,
  random: Random,
  say: TortureOptions['say'],
): Promise<void> {
  let told = 0;
  while (tally.damaged < damagedReplies) {
    const plant = createPlant(bus, tally, random);
    for (let round = 0; round < stormsPerBus; round += 1) {
      await plant.rage();
      await plant.recover();
    }
    await plant.close();
    if (tally.examples.length > 20) return;
    if (tally.damaged - told < 50_000) continue;
    told = tally.damaged;
    say(`${bus.id}: ${tally.damaged} of ${damagedReplies} damaged replies`);
  }
}

interface PlannedRead {
  readonly unit: Unit;
  readonly device: Device;
  readonly read: Read;
}

function createPlant(bus: ModbusBus, tally: Tally, random: Random) {
  const clock = new VirtualClock();
  const framing = framingOf(bus);
  const faults = wireFaultsOn(framing);
  let isRaging = false;
  const devices = unitIds.map(unitId => simulatedDevice(unitId));
  const units = devices.map(({ device, image }) => {
    const unitId = device.unitId ?? 0;
    stamp(image, unitId, 0);
    return createUnit({
      unitId,
      image,
      turnaroundMs: 5,
      fault: request => {
        // The answer to this request is made; the next one gets other values.
        stamp(image, unitId, request + 1);
        if (!isRaging || random.next() > damagedShare) return undefined;
        tally.damaged += 1;
        return chooseFault();
      },
    });
  });
  const wire = createSimulatedWire({ framing, units, clock, random });
  const openBus = createModbusBus({ bus, clock, log: silentLog }, createExchange(bus, clock, wire.openLink));
  const reads: PlannedRead[] = devices.flatMap(({ device }, index) => {
    const unit = units[index];
    return unit ? openBus.plan(device, device.points).map(read => ({ unit, device, read })) : [];
  });

  function chooseFault(): TimedFault {
    const name = faults[Math.floor(random.next() * faults.length)] ?? 'silent';
    tally.faults.add(name);
    if (name === 'late') return { name, delayMs: random.next() * latestMs[framing] };
    if (name === 'duplicated-late') return { name, delayMs: random.next() * latestDoubleMs[framing] };
    if (name === 'babble') return { name, delayMs: random.next() * babbleMs };
    return { name };
  }

  async function readOne({ unit, device, read }: PlannedRead): Promise<ReadOutcome> {
    const firstRequest = unit.requests;
    const outcome = await ended(openBus, clock, read);
    if (outcome.kind === 'failed') tally.bad += 1;
    else check(unit, device, read, firstRequest);
    return outcome;
  }

  function check(unit: Unit, device: Device, read: Read, firstRequest: number): void {
    for (const [index, { value, quality }] of read.readings.entries()) {
      if (quality !== 'good') continue;
      tally.good += 1;
      const address = read.points[index]?.address;
      if (address?.protocol !== 'modbus') continue;
      // A read that had to be cut makes several requests.
      const right = Array.from({ length: unit.requests - firstRequest }, (_, request) =>
        contentOf(device.unitId ?? 0, address.address, firstRequest + request, isBit(address.table)),
      );
      if (right.includes(value)) continue;
      tally.wrong += 1;
      tally.examples.push(`${bus.id}: unit ${device.unitId} ${read.label}: ${value} instead of ${right.join(' or ')}`);
    }
  }

  return {
    async rage() {
      isRaging = true;
      for (let count = 0; count < stormReads; count += 1) {
        const planned = reads[Math.floor(random.next() * reads.length)];
        if (planned) await readOne(planned);
        await clock.advance(random.next() * 60);
      }
      isRaging = false;
    },
    /** The first poll after what was under way has passed. */
    async recover() {
      await clock.advance(Math.max(latestMs[framing], worstCaseMs) + babbleMs + 100);
      for (const planned of reads) {
        const outcome = await readOne(planned);
        if (outcome.kind === 'answered') continue;
        tally.notBack += 1;
        tally.examples.push(`${bus.id}: unit ${planned.device.unitId} not back: ${outcome.detail}`);
      }
    },
    close: () => openBus.close(),
  };
}

function framingOf(bus: ModbusBus): 'tcp' | 'rtu' {
  return bus.protocol === 'modbus-tcp' ? 'tcp' : 'rtu';
}

function createExchange(bus: ModbusBus, clock: VirtualClock, openLink: OpenLink): Exchange {
  const options = { clock, openLink, log: silentLog };
  return bus.protocol === 'modbus-tcp' ? new TcpExchange({ bus, ...options }) : new RtuExchange({ bus, ...options });
}

/** Two reads of holding registers that look alike but for their addresses, one of input registers, one of coils. */
function simulatedDevice(unitId: number): { device: Device; image: RegisterImage } {
  const runs = (table: 'holding-register' | 'input-register' | 'coil', first: number, count: number) =>
    Array.from({ length: count }, (_, index) => modbusAddress(table, first + index));
  const addresses = [
    ...runs('holding-register', 100, 6),
    ...runs('holding-register', 200, 6),
    ...runs('input-register', 100, 6),
    ...runs('coil', 16, 20),
  ];
  const device = modbusDevice(addresses, { unitId, readLimits: { maxGap: 0 } });
  return { device: { ...device, timeoutMs: worstCaseMs }, image: createImage(device.points) };
}

/** Makes a read and lets time pass until it ends; decoded at once. */
async function ended(openBus: OpenBus, clock: VirtualClock, read: Read): Promise<ReadOutcome> {
  let ended: ReadOutcome | undefined;
  openBus.read(read, timeoutMs, outcome => {
    ended = outcome;
    if (outcome.kind === 'answered') openBus.decode(read);
  });
  for (let stepMs = 0; ended === undefined && stepMs < 60_000; stepMs += 5) await clock.advance(5);
  if (ended === undefined) throw new Error(`${read.label} never ended`);
  return ended;
}
