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

/** A site file of that device, `devices` times, each behind a socket of its own, with a limit rule on every point. */
export function referenceSite(options: {
  devices: number;
  firstPort: number;
  brokerPort?: number;
  intervalMs: number;
}): string {
  const lines = ['gateway: {id: bench, name: Benchmark}'];
  if (options.brokerPort) lines.push(`uplink: {url: "mqtt://127.0.0.1:${options.brokerPort}"}`);
  lines.push('buses:');
  for (let index = 0; index < options.devices; index += 1) {
    lines.push(`  - {id: bus-${index}, protocol: modbus-tcp, host: 127.0.0.1, port: ${options.firstPort + index}}`);
  }
  lines.push('devices:');
  for (let index = 0; index < options.devices; index += 1) {
    lines.push(
      `  - id: meter-${index}`,
      `    bus: bus-${index}`,
      `    interval: ${options.intervalMs}ms`,
      '    max-gap: 80',
      '    points:',
    );
    for (const [number, { address, type }] of referencePoints.entries()) {
      lines.push(`      - {id: p${number}, holding-register: ${address}, type: ${type}, unit: V}`);
    }
  }
  lines.push('alarms:');
  for (let index = 0; index < options.devices; index += 1) {
    for (const number of referencePoints.keys()) {
      lines.push(
        `  - {id: p${number}-high, point: meter-${index}/p${number}, high: 1000000000 V, deadband: 10 V, on-delay: 2s}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function points(count: number, type: ReferencePoint['type'], address: (index: number) => number): ReferencePoint[] {
  return Array.from({ length: count }, (_, index) => ({ address: address(index), type }));
}
