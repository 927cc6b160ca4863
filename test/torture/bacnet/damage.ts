import type { Random } from '../../../src/base/random.ts';
import { type Datagram, setLength } from './datagrams.ts';

export interface Damaged {
  readonly bytes: Buffer;
  /** The damage is in the value itself, or right behind it. */
  readonly isInValue: boolean;
}

export function below(random: Random, limit: number): number {
  return Math.floor(random.next() * limit);
}

/** One to three faults; half of the time the length of the datagram is put right again. */
export function damage(datagram: Datagram, other: Buffer, random: Random): Damaged {
  let bytes = Buffer.from(datagram.bytes);
  for (let count = 1 + below(random, 3); count > 0 && bytes.length > 0; count -= 1) {
    bytes = Buffer.from(damageAt(bytes, below(random, bytes.length), below(random, 8), other, random));
  }
  if (random.next() < 0.5) setLength(bytes);
  return { bytes, isInValue: !hasValue(bytes, datagram) };
}

/** Whether the value and all behind it are as they were, seen from the front or, where something before was moved, from the end. */
function hasValue(bytes: Buffer, { bytes: whole, valueFrom, valueTo }: Datagram): boolean {
  const behind = whole.subarray(valueFrom);
  const isAtFront = bytes.subarray(valueFrom, valueTo).equals(whole.subarray(valueFrom, valueTo));
  const isAtEnd = bytes.subarray(Math.max(0, bytes.length - behind.length)).equals(behind);
  return (isAtFront && bytes.length === whole.length) || isAtEnd;
}

function damageAt(bytes: Buffer, at: number, kind: number, other: Buffer, random: Random): Buffer {
  const before = bytes.subarray(0, at);
  const behind = bytes.subarray(at);
  switch (kind) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
      return bytes;
    case 1:
      bytes[at] = below(random, 256);
      return bytes;
    case 2:
      bytes[at] = [0, 0xff, 0x7f, 0x80, 0x3e, 0x3f, 0xfe, 0x05][below(random, 8)] ?? 0;
      return bytes;
    case 3:
      return before;
    case 4:
      return Buffer.concat([before, behind.subarray(1 + below(random, 4))]);
    case 5:
      return Buffer.concat([before, Buffer.from([below(random, 256)]), behind]);
    case 6:
      return Buffer.concat([before, bytes.subarray(Math.max(0, at - 8), at), behind]);
    default:
      return Buffer.concat([before, other.subarray(below(random, other.length + 1))]);
  }
}

export function noise(random: Random): Buffer {
  const bytes = Buffer.alloc(below(random, random.next() < 0.05 ? 1_500 : 40));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = below(random, 256);
  // Noise that begins like BACnet/IP gets further.
  if (bytes.length >= 7 && random.next() < 0.7) {
    bytes.set([0x81, 0x0a, 0, 0, 1, 0]);
    setLength(bytes);
  }
  return bytes;
}
