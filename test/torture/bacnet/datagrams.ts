/** Hand-made bytes of BACnet: what a device says, and what nobody should say to us. */

/** A datagram, and where in it the value lies: what happens to these bytes no protocol can see. */
export interface Datagram {
  readonly bytes: Buffer;
  readonly valueFrom: number;
  readonly valueTo: number;
}

export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/[^0-9a-f]/gi, ''), 'hex');
}

/** BVLC and network layer around an APDU. @param npdu as hex; '0100' is the plain one */
export function datagramOf(apdu: Buffer, npdu = '0100', bvlcFunction = 0x0a): Buffer {
  const bytes = Buffer.concat([Buffer.from([0x81, bvlcFunction, 0, 0]), hex(npdu), apdu]);
  return setLength(bytes);
}

/** Puts the length right, so that damage gets past the first check. */
export function setLength(bytes: Buffer): Buffer {
  if (bytes.length >= 4) bytes.writeUInt16BE(bytes.length & 0xffff, 2);
  return bytes;
}

export interface Place {
  readonly instance: number;
  readonly property: number;
}

/** The answer to a ReadProperty of an analog input, with an unsigned value. */
export function readAnswer(invokeId: number, { instance, property }: Place, value: number, npdu = '0100'): Datagram {
  const apdu = Buffer.concat([
    Buffer.from([0x30, invokeId, 12]),
    hex('0c'),
    wordOf(instance),
    Buffer.from([0x19, property]),
    hex('3e 24'),
    wordOf(value),
    hex('3f'),
  ]);
  const bytes = datagramOf(apdu, npdu);
  return { bytes, valueFrom: bytes.length - 6, valueTo: bytes.length - 1 };
}

/** The answer to a ReadPropertyMultiple of several properties of analog inputs. */
export function multipleAnswer(invokeId: number, results: readonly (Place & { value: number })[]): Datagram {
  const parts = results.map(({ instance, property, value }) =>
    Buffer.concat([
      hex('0c'),
      wordOf(instance),
      hex('1e'),
      Buffer.from([0x29, property]),
      hex('4e 24'),
      wordOf(value),
      hex('4f 1f'),
    ]),
  );
  const bytes = datagramOf(Buffer.concat([Buffer.from([0x30, invokeId, 14]), ...parts]));
  // From the first value on: what is behind it might be shifted into it.
  return { bytes, valueFrom: 9 + 5 + 1 + 2 + 1, valueTo: bytes.length };
}

/** An answer cut into segments of so many bytes. */
export function segmentsOf(answer: Datagram, invokeId: number, service: number, segmentBytes: number): Buffer[] {
  const payload = answer.bytes.subarray(9);
  const count = Math.ceil(payload.length / segmentBytes);
  return Array.from({ length: count }, (_, segment) =>
    datagramOf(
      Buffer.concat([
        Buffer.from([0x38 | (segment < count - 1 ? 4 : 0), invokeId, segment & 0xff, 4, service]),
        payload.subarray(segment * segmentBytes, (segment + 1) * segmentBytes),
      ]),
    ),
  );
}

function wordOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Kills both BACnet libraries of npm: a segmented answer of one segment. */
const deadlyDatagram = hex('810a000a010038050004');

/** What else comes to a port 47808: seeds for damage, none of them an answer. */
export const strayDatagrams: readonly Buffer[] = [
  deadlyDatagram,
  // I-Am of device 1001.
  datagramOf(hex('1000 c4020003e9 2205c4 9100 2104')),
  datagramOf(hex('1000 c4020003e9 2205c4 9100 2104'), '0108 00c8 01 0a', 0x0b),
  // I-Am, passed on by a BBMD.
  datagramOf(Buffer.concat([hex('0a000005bac0 0100'), hex('1000 c4020003e9 2205c4 9100 2104')]), '', 0x04),
  // I-Have.
  datagramOf(hex('1001 c4020003e9 c400000001 7504 00414231')),
  // Unconfirmed and confirmed COV.
  datagramOf(hex('1002 0907 1c020003e9 2c00000003 39c8 4e 0955 2e 4441a00000 2f 096f 2e 820400 2f 4f')),
  datagramOf(hex('0005 01 01 0907 1c020003e9 2c00000003 39c8 4e 0955 2e 4441a00000 2f 096f 2e 820400 2f 4f')),
  // Who-Is, a result of a BBMD, messages among routers.
  datagramOf(hex('1008'), '0120ffff00ff', 0x0b),
  hex('8100 0006 0000'),
  hex('8100 0006 0060'),
  datagramOf(hex('00'), '0180'),
  // Errors, refusals, acknowledgements of nothing.
  datagramOf(hex('50 01 0c 9102 9120')),
  datagramOf(hex('60 01 09')),
  datagramOf(hex('71 01 04')),
  datagramOf(hex('20 01 05')),
  datagramOf(hex('40 01 00 04')),
  // What must never be done for anybody: to write, to restart, to silence, to set the time.
  datagramOf(hex('0005 02 0f 0c00000001 1955 3e 4441a00000 3f')),
  datagramOf(hex('0005 03 14 0900')),
  datagramOf(hex('0005 04 11 0905 1901')),
  datagramOf(hex('1006 a47e0b1a04 b40c000000')),
  // Lists within lists, and lengths of 4 GB.
  datagramOf(Buffer.concat([hex('1002 0907 1c020003e9 2c00000003 39c8 4e 0955'), Buffer.alloc(1_200, 0x2e)])),
  datagramOf(hex('1000 c5ffffffffff')),
  datagramOf(hex('30 01 0e 0c00000001 1e 2955 4e 75ffffffffff 00')),
  Buffer.alloc(0),
];
