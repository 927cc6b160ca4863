import type { Random } from '../../base/random.ts';
import type { BacnetFaults } from './bacnet-fault.ts';

/** An APDU on its way out, and how it goes. */
export interface Delivery {
  readonly apdu: Buffer;
  readonly delayMs: number;
  /** Where it seems to come from. */
  readonly from: 'itself' | 'stranger' | 'other-port' | 'other-network';
}

export interface DeliveryTimes {
  readonly answerAfterMs: number;
  /** How late an answer is that is late. */
  readonly lateMs: number;
}

const doubleAfterMs = 100;
/** A segment of an answer that nobody asked for, with the sequence number 5: it ends programs that look no further. */
const tenBytes = Buffer.of(0x38, 0x05, 0x00, 0x04);

/** What the faults of its wire make of an answer; chance decides where there is something to decide. */
export function planDelivery(
  apdu: Buffer,
  faults: BacnetFaults,
  { answerAfterMs, lateMs }: DeliveryTimes,
  random: Random,
): Delivery[] {
  if (faults.has('silent') || faults.has('restart')) return [];
  if (faults.has('lossy') && random.next() < 1 / 3) return [];
  const delayMs = faults.has('late') ? lateMs : answerAfterMs;
  const whole: Delivery = { apdu: spoil(apdu, faults, random), delayMs, from: originOf(faults) };
  return [
    ...(faults.has('ten-bytes') ? [{ ...whole, apdu: tenBytes }] : []),
    whole,
    ...(faults.has('duplicated') ? [whole] : []),
    ...(faults.has('duplicated-late') ? [{ ...whole, delayMs: delayMs + doubleAfterMs }] : []),
  ];
}

function originOf(faults: BacnetFaults): Delivery['from'] {
  if (faults.has('wrong-peer')) return 'stranger';
  if (faults.has('wrong-port')) return 'other-port';
  return faults.has('wrong-network') ? 'other-network' : 'itself';
}

function spoil(apdu: Buffer, faults: BacnetFaults, random: Random): Buffer {
  const spoilt = Buffer.from(apdu);
  if (faults.has('wrong-invoke-id')) spoilt[1] = ((spoilt[1] ?? 0) + 1) & 0xff;
  if (faults.has('wrong-service')) shiftService(spoilt);
  if (faults.has('damaged')) flipBit(spoilt, random);
  return faults.has('torn') ? spoilt.subarray(0, 1 + Math.floor(random.next() * (spoilt.length - 1))) : spoilt;
}

/** The service of an acknowledgement stands behind its header, which is longer in segments. */
function shiftService(apdu: Buffer): void {
  const [first = 0] = apdu;
  const kind = first >> 4;
  if (kind !== 2 && kind !== 3 && kind !== 5) return;
  const at = kind === 3 && (first & 8) !== 0 ? 4 : 2;
  apdu[at] = (apdu[at] ?? 0) ^ 2;
}

function flipBit(apdu: Buffer, random: Random): void {
  const at = Math.floor(random.next() * apdu.length);
  apdu[at] = (apdu[at] ?? 0) ^ (1 << Math.floor(random.next() * 8));
}
