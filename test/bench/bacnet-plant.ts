/** The plant of the BACnet benchmark: devices that are all alike, each at an address of its own. */
export const devices = 50;
export const pointsPerDevice = 40;
export const intervalMs = 1_000;
export const firstInstance = 1_001;

/** Values of the slaves stay below this. */
export const limit = 1_000;

export function hostOf(index: number): string {
  return `127.0.1.${index + 1}`;
}

/** A site file with a limit rule on every point. Devices are found by their instance. */
export function bacnetSite(port: number): string {
  const indexes = Array.from({ length: devices }, (_, index) => index);
  const points = Array.from({ length: pointsPerDevice }, (_, index) => index);
  return [
    'gateway: {id: bench, name: Benchmark}',
    `buses: [{id: net, protocol: bacnet-ip, address: 127.0.0.1, port: ${port}}]`,
    'devices:',
    ...indexes.map(index =>
      [
        `  - {id: d${index}, bus: net, instance: ${firstInstance + index}, interval: ${intervalMs}ms, points: [`,
        ...points.map(point => `      {id: p${point}, object: analog-input ${point}, unit: V},`),
        '    ]}',
      ].join('\n'),
    ),
    'alarms:',
    ...indexes.flatMap(index =>
      points.map(
        point =>
          `  - {id: d${index}-p${point}, point: d${index}/p${point}, high: ${limit} V, deadband: 10 V, on-delay: 2s}`,
      ),
    ),
    '',
  ].join('\n');
}
