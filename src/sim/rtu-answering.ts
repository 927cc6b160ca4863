import { type Delivery, planDelivery } from './delivery.ts';
import { encodeRtu, isCrcRight, shortestRtuFrame } from './frame.ts';
import type { Reception } from './reception.ts';
import { answerRequest } from './slave.ts';
import { faultOfRequest } from './unit.ts';

const broadcast = 0;

/**
 * What follows on one RTU frame; undefined where nobody says anything: the check sum is wrong, the unit is not here, or
 * all units are meant.
 */
export function answerRtu(
  { units, counts, random }: Reception,
  frame: Uint8Array,
  pace: { readonly silenceMs: number; readonly characterMs: number },
): Delivery | undefined {
  if (frame.length < shortestRtuFrame || !isCrcRight(frame)) {
    counts.badFrames += 1;
    return undefined;
  }
  const unitId = frame[0] ?? broadcast;
  const unit = unitId === broadcast ? undefined : units.get(unitId);
  if (!unit) return undefined;
  counts.requests += 1;
  const exchange = {
    framing: 'rtu' as const,
    unitId,
    request: frame,
    pdu: answerRequest(unit, frame.subarray(1, -2)),
    encode: encodeRtu,
    answerAfterMs: pace.silenceMs + unit.turnaroundMs,
    lateMs: unit.lateMs,
    characterMs: pace.characterMs,
  };
  return planDelivery(exchange, faultOfRequest(unit, 'rtu'), random);
}
