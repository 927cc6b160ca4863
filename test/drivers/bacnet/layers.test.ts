import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeApdu } from '../../../drivers/bacnet/apdu.ts';
import { decodeBvlc } from '../../../drivers/bacnet/bvlc.ts';
import { decodeDatagram } from '../../../drivers/bacnet/datagram.ts';
import { decodeNpdu, encodeNpdu } from '../../../drivers/bacnet/npdu.ts';
import { peerKey } from '../../../drivers/bacnet/peer.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';
import { datagramOf, hex } from '../../torture/bacnet/datagrams.ts';

describe('the outermost layer', () => {
  test.each([
    ['810a0006 0100', { kind: 'npdu', at: 4, isBroadcast: false, origin: undefined }],
    ['810b0006 0100', { kind: 'npdu', at: 4, isBroadcast: true, origin: undefined }],
    [
      '8104000c 0a000105bac1 0100',
      { kind: 'npdu', at: 10, isBroadcast: true, origin: { host: '10.0.1.5', port: 47_809 } },
    ],
    ['81000006 0030', { kind: 'result', code: 0x30 }],
  ])('%s is read', (bytes, read) => {
    expect(decodeBvlc(hex(bytes))).toEqual(read);
  });

  test.each([
    ['of 3 bytes', '810a00', 'a datagram of less than 4 bytes'],
    ['of another protocol', '820a0006 0100', 'not BACnet/IP'],
    ['that is longer than it says', '810a0006 0100 00', 'a length that is not that of the datagram'],
    ['that is shorter than it says', '810a0007 0100', 'a length that is not that of the datagram'],
    ['for a BBMD', '81050006 012c', 'BVLC function 5, which is not for us'],
    ['that was passed on by nobody', '81040006 0100', 'a forwarded message without its origin'],
    ['that was passed on from port 0', '8104000c 0a0001050000 0100', 'a forwarded message from nowhere'],
    ['that was passed on from everybody', '8104000c ffffffffbac0 0100', 'a forwarded message from nowhere'],
    ['with a result of one byte', '81000005 00', 'a result that is not 2 bytes'],
  ])('refuses a datagram %s', (_, bytes, detail) => {
    expect(decodeBvlc(hex(bytes))).toEqual({ kind: 'wrong', detail });
  });
});

describe('the network layer', () => {
  test.each([
    ['0100 30', 0, '', 2],
    ['0104 30', 0, '', 2],
    ['0108 00c8 01 0a 30', 200, '0a', 6],
    ['0108 fffe 06 c0a80a0bbac0 30', 65_534, 'c0a80a0bbac0', 11],
    ['0120 ffff 00 ff 30', 0, '', 6],
    ['0128 ffff 00 00c8 01 0a ff 30', 200, '0a', 10],
  ])('%s is read', (bytes, network, mac, at) => {
    expect(decodeNpdu(hex(bytes), 0)).toEqual({ kind: 'apdu', at, network, mac });
  });

  test.each([
    ['of another version', '0200 30'],
    ['among routers', '0180 00'],
    ['for another network', '0120 00c8 01 0a ff 30'],
    ['from everywhere', '0108 ffff 01 0a 30'],
    ['from network 0', '0108 0000 01 0a 30'],
    ['from no address', '0108 00c8 00 30'],
    ['whose address is cut off', '0108 00c8 09 0a 30'],
    ['with nothing behind it', '0100'],
    ['with nothing behind its hop count', '0120 ffff 00 ff'],
    ['of one byte', '01'],
  ])('refuses a message %s', (_, bytes) => {
    expect(decodeNpdu(hex(bytes), 0)).toMatchObject({ kind: 'wrong' });
  });

  test('what is sent to a device behind a router comes back from it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 65_534 }),
        fc.uint8Array({ minLength: 1, maxLength: 18 }),
        fc.boolean(),
        (network, address, expectsReply) => {
          const mac = Buffer.from(address).toString('hex');
          const sent = encodeNpdu(network, mac, expectsReply);
          // The router turns the destination into the source and takes the hop count off.
          sent[1] = 0x08;
          const received = Buffer.concat([sent.subarray(0, -1), hex('30')]);
          expect(decodeNpdu(received, 0)).toEqual({ kind: 'apdu', at: received.length - 1, network, mac });
        },
      ),
      { numRuns: propertyRuns(200) },
    );
  });
});

describe('the application layer', () => {
  test.each([
    ['0275 01 0c 0c', { kind: 'confirmed-request', isSegmented: false, invokeId: 1, service: 12, payloadAt: 4 }],
    ['0875 01 00 04 0c', { kind: 'confirmed-request', isSegmented: true, invokeId: 1, service: 12, payloadAt: 6 }],
    ['1008', { kind: 'unconfirmed-request', service: 8, payloadAt: 2 }],
    ['200105', { kind: 'simple-ack', invokeId: 1, service: 5 }],
    ['30010c', { kind: 'complex-ack', invokeId: 1, service: 12, payloadAt: 3, segment: undefined }],
    [
      '3c01 ff 10 0c 00',
      {
        kind: 'complex-ack',
        invokeId: 1,
        service: 12,
        payloadAt: 5,
        segment: { sequence: 255, window: 16, moreFollows: true },
      },
    ],
    ['40010004', { kind: 'segment-ack', invokeId: 1 }],
    ['50010c9102', { kind: 'error', invokeId: 1, service: 12, payloadAt: 3 }],
    ['600109', { kind: 'reject', invokeId: 1, reason: 9 }],
    ['710104', { kind: 'abort', invokeId: 1, reason: 4 }],
  ])('%s is read', (bytes, read) => {
    expect(decodeApdu(hex(bytes), 0)).toEqual(read);
  });

  test.each([
    '',
    '02',
    '027501',
    '08750100',
    '10',
    '2001',
    '20010500',
    '30',
    '3001',
    '38050004',
    '400100',
    '5001',
    '6001',
    '71010400',
    '80',
  ])('"%s" is refused', bytes => {
    expect(decodeApdu(hex(bytes), 0)).toMatchObject({ kind: 'wrong' });
  });
});

test('the datagram that kills both libraries is a message that ends too soon', () => {
  expect(decodeDatagram(hex('810a000a010038050004'), '10.0.0.1', 47_808)).toEqual({
    kind: 'wrong',
    detail: 'a message that ends too soon',
  });
});

test('a peer is named by all that it is told apart by', () => {
  const incoming = decodeDatagram(datagramOf(hex('1008'), '010800c8010a'), '10.0.0.1', 47_808);
  expect(incoming.kind === 'message' && peerKey(incoming.peer)).toBe('10.0.0.1:47808/200:0a');
  expect(peerKey({ host: '10.0.0.5', port: 47_809, network: 0, mac: '' })).toBe('10.0.0.5:47809');
});
