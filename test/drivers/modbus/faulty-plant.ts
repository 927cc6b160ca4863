import type { Exchange } from '../../../drivers/modbus/exchange.ts';
import type { OpenLink } from '../../../drivers/modbus/link.ts';
import { createModbusBus } from '../../../drivers/modbus/modbus-driver.ts';
import { RtuExchange } from '../../../drivers/modbus/rtu-exchange.ts';
import { TcpExchange } from '../../../drivers/modbus/tcp-exchange.ts';
import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { Answer, OpenBus, ReadOutcome } from '../../../src/driver.ts';
import type { ModbusBus } from '../../../src/model/bus.ts';
import type { Device } from '../../../src/model/device.ts';
import type { ModbusTable, SampleBatch } from '../../../src/model/point.ts';
import type { Quality } from '../../../src/model/quality.ts';
import { type BusPoller, createBusPoller } from '../../../src/poll/bus-poller.ts';
import { createImage } from '../../../src/sim/register-image.ts';
import { createUnit } from '../../../src/sim/unit.ts';
import type { TimedFault } from '../../../src/sim/wire-fault.ts';
import { createSimulatedWire, type SimulatedWire } from '../../fakes/simulated-wire.ts';
import { contentOf, isBit, stamp } from '../../fakes/stamped-registers.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { modbusAddress, modbusBus, modbusDevice, rtuBus, rtuOverTcpBus } from './modbus-rig.ts';

/*
 * Three devices on one bus, polled by the real poller through the real driver over simulated slaves, on a virtual clock.
 * Every request passes by the test, which may damage its answer; every sample is held against what the device held.
 */

/** The longest time that an answer may take, as the site file says. */
export const worstCaseMs = 400;
const unitIds = [1, 2, 3] as const;
export const readsPerPoll = 5;

export const identification = { vendor: 'Acme', product: 'P-100', revision: '1.7' };

export interface PlantLink {
  readonly name: string;
  readonly bus: ModbusBus;
  readonly framing: 'tcp' | 'rtu';
  /** With several requests in flight devices are slow, so that the last ones of one are under way with those of another. */
  readonly turnaroundMs: number;
}

const tcp = { ...modbusBus(502), connectTimeoutMs: 100, timeoutMs: worstCaseMs };

export const plantLinks: readonly PlantLink[] = [
  { name: 'TCP', bus: tcp, framing: 'tcp', turnaroundMs: 10 },
  { name: 'TCP with 4 in flight', bus: { ...tcp, requestsInFlight: 4 }, framing: 'tcp', turnaroundMs: 200 },
  { name: 'RTU', bus: { ...rtuBus('/dev/simulated'), timeoutMs: worstCaseMs }, framing: 'rtu', turnaroundMs: 10 },
  {
    name: 'RTU over TCP',
    bus: { ...rtuOverTcpBus(4_001), connectTimeoutMs: 100, timeoutMs: worstCaseMs },
    framing: 'rtu',
    turnaroundMs: 10,
  },
];

/** A request as it goes over the wire. */
export interface Sent {
  readonly atMono: number;
  readonly unitId: number;
  readonly functionCode: number;
  readonly address: number;
  readonly count: number;
  /** Which read of a poll it is, counted from 0; undefined where it is none: a part of one, or a person's question. */
  readonly place: number | undefined;
  /** Number of the link, and how many requests went over it before. */
  readonly link: number;
  readonly placeOnLink: number;
}

/** How a read ended. */
export interface Ended {
  readonly unitId: number;
  readonly place: number;
  readonly startMono: number;
  readonly endMono: number;
  readonly outcome: ReadOutcome;
  /** Its requests: more than one where it was cut, or sent again over a new connection. */
  readonly sent: readonly Sent[];
}

export interface Sampled {
  readonly unitId: number;
  readonly atMono: number;
  readonly quality: Quality;
}

export interface FaultyPlant {
  readonly clock: VirtualClock;
  readonly link: PlantLink;
  readonly intervalMs: number;
  readonly wire: SimulatedWire;
  readonly poller: BusPoller;
  readonly sent: readonly Sent[];
  readonly received: readonly { readonly atMono: number; readonly bytes: Uint8Array }[];
  readonly ended: readonly Ended[];
  readonly sampled: readonly Sampled[];
  /** Values that were told as good and were not what the device held. */
  readonly wrong: readonly string[];
  /** What people were told who asked a device for its name. */
  readonly told: readonly Answer[];
  /** How many asked. */
  asked(): number;
  askWho(unitId: number): void;
  isOffline(unitId: number): boolean;
  close(): Promise<void>;
}

export interface FaultyPlantOptions {
  readonly link: PlantLink;
  readonly intervalMs: number;
  readonly seed: number;
  /** Asked for every request that a device understands: what becomes of its answer. */
  readonly faultOf: (sent: Sent, plant: FaultyPlant) => TimedFault | undefined;
}

const addresses = [
  ...run('holding-register', 100, 6),
  ...run('holding-register', 200, 6),
  ...run('holding-register', 300, 6),
  ...run('input-register', 100, 6),
  ...run('coil', 16, 20),
];

function run(table: ModbusTable, first: number, count: number) {
  return Array.from({ length: count }, (_, index) => modbusAddress(table, first + index));
}

const tables: Readonly<Record<number, ModbusTable>> = { 1: 'coil', 3: 'holding-register', 4: 'input-register' };

export function createFaultyPlant({ link, intervalMs, seed, faultOf }: FaultyPlantOptions): FaultyPlant {
  const clock = new VirtualClock();
  const { bus, framing, turnaroundMs } = link;
  const sent: Sent[] = [];
  const received: { readonly atMono: number; readonly bytes: Uint8Array }[] = [];
  const ended: Ended[] = [];
  const sampled: Sampled[] = [];
  const wrong: string[] = [];
  const told: Answer[] = [];
  let asked = 0;
  let isClosed = false;
  const devices = unitIds.map(unitId => plantDevice(unitId, intervalMs));
  /** Of every unit: the requests it had, in their order. */
  const heard = new Map<number, Sent[]>(unitIds.map(unitId => [unitId, []]));
  const units = devices.map(device => {
    const unitId = device.unitId ?? 0;
    const image = createImage(device.points);
    stamp(image, unitId, 0);
    const fault = (request: number) => {
      // The answer to this request is made; the next one gets other values.
      stamp(image, unitId, request + 1);
      const latest = sent.at(-1);
      if (!latest) return undefined;
      heard.get(unitId)?.push(latest);
      return faultOf(latest, plant);
    };
    return createUnit({ unitId, image, identification, turnaroundMs, fault });
  });
  const wire = createSimulatedWire({ framing, units, clock, random: seededRandom(seed) });
  const driver = createModbusBus({ bus, clock, log: silentLog }, createExchange(bus, clock, overheard()));
  const labels = devices[0] ? driver.plan(devices[0], devices[0].points).map(({ label }) => label) : [];

  /** The links of the wire; what goes over them is written down first. */
  function overheard(): OpenLink {
    return handlers => {
      const opened = wire.openLink({
        ...handlers,
        onBytes(bytes, count) {
          received.push({ atMono: clock.monoMs(), bytes: Uint8Array.from(bytes.subarray(0, count)) });
          handlers.onBytes(bytes, count);
        },
      });
      const number = wire.opened();
      let before = 0;
      const send = opened.send.bind(opened);
      opened.send = bytes => {
        sent.push({ ...parse(bytes), atMono: clock.monoMs(), link: number, placeOnLink: before });
        before += 1;
        send(bytes);
      };
      return opened;
    };
  }

  function parse(frame: Uint8Array) {
    const [unitId = 0, functionCode = 0, ...rest] = frame.subarray(framing === 'tcp' ? 6 : 0);
    const word = (at: number) => ((rest[at] ?? 0) << 8) | (rest[at + 1] ?? 0);
    const [address, count] = [word(0), word(2)];
    const label = `${tables[functionCode]} ${address}–${address + count - 1}`;
    const place = labels.indexOf(label);
    return { unitId, functionCode, address, count, place: place === -1 ? undefined : place };
  }

  /** The driver, with what becomes of every read written down. */
  const openBus: OpenBus = {
    ...driver,
    read(read, timeoutMs, onOutcome) {
      const unitId = read.device.unitId ?? 0;
      const startMono = clock.monoMs();
      const before = sent.length;
      driver.read(read, timeoutMs, outcome => {
        if (isClosed) return;
        const own = sent.slice(before).filter(one => one.unitId === unitId && isWithin(one, read.points));
        const place = labels.indexOf(read.label);
        ended.push({ unitId, place, startMono, endMono: clock.monoMs(), outcome, sent: own });
        onOutcome(outcome);
      });
    },
  };

  function check({ device, samples, sampledAtMono }: SampleBatch): void {
    for (const { point, value, quality } of samples) {
      sampled.push({ unitId: device, atMono: sampledAtMono, quality });
      if (quality !== 'good' || point.address.protocol !== 'modbus') continue;
      const { table, address } = point.address;
      const requests = heard.get(device) ?? [];
      const since = ended.findLast(
        one => one.unitId === device && one.sent.some(request => isOf(request, table, address)),
      );
      const right = (since?.sent ?? [])
        .filter(request => isOf(request, table, address))
        .map(request => contentOf(device, address, requests.indexOf(request), isBit(table)));
      if (!right.includes(value))
        wrong.push(`unit ${device} ${table} ${address}: ${value} instead of ${right.join(' or ')}`);
    }
  }

  const poller = createBusPoller({
    bus,
    openBus,
    devices,
    alarmed: new Set(),
    clock,
    random: seededRandom(seed),
    log: silentLog,
    onBatch: check,
    onLateness: () => {},
  });
  const plant: FaultyPlant = {
    clock,
    link,
    intervalMs,
    wire,
    poller,
    sent,
    received,
    ended,
    sampled,
    wrong,
    told,
    asked: () => asked,
    askWho(unitId) {
      asked += 1;
      void poller.ask({ kind: 'identify', unitId }, worstCaseMs).then(answer => told.push(answer));
    },
    isOffline: unitId => poller.deviceViews()[unitId - 1]?.health === 'offline',
    close() {
      isClosed = true;
      return poller.stop();
    },
  };
  return plant;
}

function isOf(request: Sent, table: ModbusTable, address: number): boolean {
  return (
    tables[request.functionCode] === table && request.address <= address && address < request.address + request.count
  );
}

function isWithin(
  request: Sent,
  points: readonly { readonly address: Device['points'][number]['address'] }[],
): boolean {
  return points.some(({ address }) => address.protocol === 'modbus' && isOf(request, address.table, address.address));
}

function createExchange(bus: ModbusBus, clock: VirtualClock, openLink: OpenLink): Exchange {
  const options = { clock, openLink, log: silentLog };
  return bus.protocol === 'modbus-tcp' ? new TcpExchange({ bus, ...options }) : new RtuExchange({ bus, ...options });
}

/** A device of its own numbers. */
function plantDevice(unitId: number, intervalMs: number): Device {
  const id = `unit ${unitId}`;
  const { points, ...device } = modbusDevice(addresses, { unitId });
  return {
    ...device,
    number: unitId,
    id,
    points: points.map(point => ({
      ...point,
      number: 1_000 * unitId + point.number,
      key: `${id}/${point.id}`,
      device: unitId,
      intervalMs,
    })),
  };
}
