import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { type RegisterSlave, startRegisterSlave } from '../fakes/register-slave.ts';

/*
 * The mains fail: one alarm says so, and a thousand others of twenty devices follow within a second. Real daemon, real
 * store, simulated devices.
 */

export const devices = 20;
export const pointsPerDevice = 50;
export const secondaries = devices * pointsPerDevice;

const mainsRegister = 1_000;

export interface MainsPlant {
  readonly daemon: Daemon;
  /** The mains fail, and as soon as they were asked so does what hangs on them. Resolves with the monotonic time of that. */
  fail(): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startMainsPlant(): Promise<MainsPlant> {
  const slave = await startRegisterSlave();
  setAll(slave, 1);
  const daemon = await startDaemon(siteText(slave.port), { motor: profileText() });
  return {
    daemon,
    async fail() {
      const asked = slave.sent(mainsRegister);
      slave.set(mainsRegister, 0);
      const failedMono = await asked;
      setAll(slave, 0);
      return failedMono;
    },
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await slave[Symbol.asyncDispose]();
    },
  };
}

function setAll(slave: RegisterSlave, value: number): void {
  slave.set(mainsRegister, value);
  for (let address = 0; address < pointsPerDevice; address += 1) slave.set(address, value);
}

/** The mains are watched twenty times a second, the motors twice. */
function siteText(port: number): string {
  const indexes = Array.from({ length: devices }, (_, index) => index);
  return [
    'gateway: {id: bench, name: Benchmark}',
    'groups: [{id: supply, window: 3s}]',
    'buses:',
    `  - {id: mains, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}}`,
    ...indexes.map(index => `  - {id: bus-${index}, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}}`),
    'devices:',
    '  - id: mains',
    '    bus: mains',
    '    group: supply',
    '    interval: 50ms',
    `    points: [{id: voltage, holding-register: ${mainsRegister}, type: u16, unit: V}]`,
    ...indexes.map(
      index => `  - {id: motor-${index}, bus: bus-${index}, group: supply, interval: 500ms, profile: motor}`,
    ),
    'alarms:',
    '  - {id: dead, point: mains/voltage, low: 0.5 V, priority: urgent, message: The mains are dead}',
    '',
  ].join('\n');
}

function profileText(): string {
  const indexes = Array.from({ length: pointsPerDevice }, (_, index) => index);
  return [
    'vendor: Bench',
    'model: Fifty motors',
    'protocol: modbus',
    'source: [made for the benchmark]',
    'trust: manual',
    'points:',
    ...indexes.map(index => `  - {id: p${index}, holding-register: ${index}, type: u16, unit: A}`),
    'alarms:',
    ...indexes.map(index => `  - {id: p${index}-low, point: p${index}, low: 0.5 A, priority: high}`),
    '',
  ].join('\n');
}

/** What the sqlite3 shell finds of the failure. */
export interface StoredFailure {
  readonly raised: number;
  /** The raised alarms that are marked with nothing. */
  readonly causes: readonly string[];
  /** The raised alarms that are marked with the first event. */
  readonly marked: number;
  readonly urgent: number;
  /** Events that were detected before the one with the number before theirs, or whose number leaves a gap. */
  readonly outOfOrder: number;
  readonly floods: number;
}

export function readFailure({ query }: Daemon): StoredFailure {
  const count = (condition: string) => Number(query(`SELECT count(*) FROM alarm_log WHERE ${condition}`));
  const firstOut = "json_extract(body, '$.firstOut')";
  const before = (column: string) => `lag(${column}) OVER (ORDER BY number) AS ${column}_before`;
  const pairs = `SELECT number, detected_at, ${before('number')}, ${before('detected_at')} FROM alarm_log`;
  const isWrong = 'detected_at < detected_at_before OR number <> number_before + 1';
  return {
    raised: count("kind = 'raised'"),
    causes: query(`SELECT alarm FROM alarm_log WHERE kind = 'raised' AND ${firstOut} IS NULL`).split('\n'),
    marked: count(`kind = 'raised' AND ${firstOut} = (SELECT id FROM alarm_log ORDER BY number LIMIT 1)`),
    urgent: count("kind = 'raised' AND priority = 'urgent'"),
    outOfOrder: Number(query(`SELECT count(*) FROM (${pairs}) WHERE ${isWrong}`)),
    floods: count("kind = 'flood-began'"),
  };
}
