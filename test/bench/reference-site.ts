/**
 * The reference device of our comparisons: 50 points in 65 registers with gaps, that 8 reads can fetch when gaps of up
 * to 80 registers are read across.
 */
export interface ReferencePoint {
  readonly address: number;
  readonly type: 'u16' | 'u32' | 'f32';
}

export const referencePoints: readonly ReferencePoint[] = [
  ...points(20, 'u16', index => index),
  ...points(10, 'f32', index => 100 + 2 * index),
  ...points(10, 'u16', index => 200 + 3 * index),
  ...points(5, 'u32', index => 300 + 10 * index),
  ...points(5, 'u16', index => 1_000 * (index + 1)),
];

/** The reads of the barest script: table-free, since all are holding registers. */
export const referenceReads: readonly { readonly address: number; readonly count: number }[] = [
  { address: 0, count: 120 },
  { address: 200, count: 28 },
  { address: 300, count: 42 },
  ...[1_000, 2_000, 3_000, 4_000, 5_000].map(address => ({ address, count: 1 })),
];

/** Within what the type can say, beyond what the slaves of the benchmark send. */
export const limits = { u16: 60_000, u32: 1e9, f32: 1e9 } as const;

/** The profile of that device, with a limit rule on every point. */
export function referenceProfile(): string {
  return [
    'vendor: Bench',
    'model: Reference device',
    'protocol: modbus',
    'source: [made for the benchmark]',
    'trust: manual',
    'max-gap: 80',
    'points:',
    ...referencePoints.map(
      ({ address, type }, number) =>
        `  - {id: p${number}, name: P${number}, holding-register: ${address}, type: ${type}, unit: V}`,
    ),
    'alarms:',
    ...referencePoints.map(
      ({ type }, number) =>
        `  - {id: p${number}-high, point: p${number}, high: ${limits[type]} V, deadband: 10 V, on-delay: 2s}`,
    ),
    '',
  ].join('\n');
}

/** A site file of that device, `devices` times, each behind a socket of its own. */
export function referenceSite(options: { devices: number; firstPort: number; intervalMs: number }): string {
  const { devices, firstPort, intervalMs } = options;
  const indexes = Array.from({ length: devices }, (_, index) => index);
  return [
    'gateway: {id: bench, name: Benchmark}',
    'buses:',
    ...indexes.map(
      index => `  - {id: bus-${index}, protocol: modbus-tcp, host: 127.0.0.1, port: ${firstPort + index}}`,
    ),
    'devices:',
    ...indexes.map(
      index => `  - {id: meter-${index}, bus: bus-${index}, interval: ${intervalMs}ms, profile: reference}`,
    ),
    '',
  ].join('\n');
}

function points(count: number, type: ReferencePoint['type'], address: (index: number) => number): ReferencePoint[] {
  return Array.from({ length: count }, (_, index) => ({ address: address(index), type }));
}

/** One sump with one alarm, at this interval, that reports to a broker on this machine. */
export function sumpSite(slavePort: number, brokerPort: number, intervalMs: number): string {
  return `gateway: {id: bench, name: Benchmark}
uplink: {url: "mqtt://127.0.0.1:${brokerPort}"}
buses:
  - {id: room, protocol: modbus-tcp, host: 127.0.0.1, port: ${slavePort}}
devices:
  - id: sump
    bus: room
    interval: ${intervalMs}ms
    points: [{id: level, holding-register: 0, type: u16, scale: 0.01, unit: m}]
alarms:
  - {id: level-high, point: sump/level, high: 2 m, priority: urgent}
`;
}
