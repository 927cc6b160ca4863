import type { Answer } from '../../driver.ts';
import { endpointOf } from '../../model/bus.ts';
import type { ModbusTable } from '../../model/point.ts';
import { type ProbeReadings, readProbed } from './probe-readings.ts';
import type { Target } from './probe-target.ts';

/** What is read of whom. */
export interface Probe extends Target {
  readonly table: ModbusTable;
  readonly address: number;
  readonly count: number;
  readonly timeoutMs: number;
}

export type TakenProbe =
  | {
      readonly kind: 'read';
      readonly values: readonly number[];
      readonly readings: ProbeReadings;
      readonly responseMs: number;
    }
  | (Answer & { readonly kind: 'exception' | 'failed' });

export async function takeProbe({
  asker,
  unitId,
  points,
  table,
  address,
  count,
  timeoutMs,
}: Probe): Promise<TakenProbe> {
  const answer = await asker.ask({ kind: 'raw', unitId, table, address, count }, timeoutMs);
  switch (answer.kind) {
    case 'raw': {
      const { values, responseMs } = answer;
      return { kind: 'read', values, readings: readProbed({ table, address, values, points }), responseMs };
    }
    case 'identity':
      return { kind: 'failed', reason: 'bad-reply', detail: 'an identification that nobody asked for' };
    case 'bacnet-values':
    case 'bacnet-devices':
      return { kind: 'failed', reason: 'bad-reply', detail: 'an answer of another protocol' };
    default:
      return answer;
  }
}

/** What --json prints. */
export function probeDocument(probe: Probe, { readings, responseMs }: TakenProbe & { kind: 'read' }) {
  const { asker, unitId, device, table, address, count } = probe;
  return {
    endpoint: endpointOf(asker.bus),
    bus: asker.isThroughDaemon ? asker.bus.id : null,
    device: device?.id ?? null,
    unitId,
    table,
    address,
    count,
    responseMs,
    ...readings,
  };
}
