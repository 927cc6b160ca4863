import { integer, property, assert as propertyAssert, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc16 } from '../../src/sim/crc.ts';
import { encodeRtu, isCrcRight } from '../../src/sim/frame.ts';
import { hex } from './slave-rig.ts';

describe('the check sum', () => {
  // Modbus over Serial Line 1.02, and frames that are printed in many manuals.
  test.each([
    ['01 04 02 ff ff', 'b880'],
    ['02 07', '4112'],
    ['01 03 00 00 00 0a', 'c5cd'],
    ['11 03 00 6b 00 03', '7687'],
  ])('of %s goes over the wire as %s', (bytes, onTheWire) => {
    const crc = crc16(hex(bytes));
    expect(Buffer.from([crc & 0xff, crc >> 8]).toString('hex')).toBe(onTheWire);
  });

  test('finds every single wrong bit', () => {
    propertyAssert(
      property(uint8Array({ minLength: 1, maxLength: 250 }), integer({ min: 0, max: 2_047 }), (pdu, place) => {
        const frame = encodeRtu(7, pdu);
        expect(isCrcRight(frame)).toBe(true);
        const at = (place >> 3) % frame.length;
        frame[at] = (frame[at] ?? 0) ^ (1 << (place & 7));
        expect(isCrcRight(frame)).toBe(false);
      }),
    );
  });
});
