import { describe, expect, test } from 'vitest';
import {
  encodeAbort,
  encodeError,
  encodeReject,
  encodeSegmentAck,
  encodeSimpleAck,
} from '../../../drivers/bacnet/apdu.ts';
import { encodeRegisterForeignDevice } from '../../../drivers/bacnet/bvlc.ts';
import {
  encodeCancelCov,
  encodeCancelCovProperty,
  encodeReadMultiple,
  encodeReadProperty,
  encodeSubscribeCov,
  encodeSubscribeCovProperty,
  encodeWhoIs,
  engineeringUnits,
  errorCodes,
  objectTypes,
  properties,
} from '../../../drivers/bacnet/codec.ts';
import { encodeAnswer, encodeRequest, encodeWhoIsTo, encodeWhoIsToAll } from '../../../drivers/bacnet/datagram.ts';
import type { Peer } from '../../../drivers/bacnet/peer.ts';
import { requestServices } from '../../../drivers/bacnet/services.ts';
import { dissect } from './tshark.ts';

const local: Peer = { host: '10.0.0.5', port: 47_808, network: 0, mac: '' };
const routed: Peer = { host: '10.0.0.1', port: 47_808, network: 200, mac: '0a' };
const { readProperty, readPropertyMultiple, subscribeCov, subscribeCovProperty } = requestServices;
const lift = { objectType: 59, instance: 1 };
const subscription = { processId: 70_000, objectType: 0, instance: 3, isConfirmed: true, lifetimeSeconds: 300 };
const propertySubscription = { ...subscription, property: 85, index: undefined, increment: 0.5 };

/** Every kind of datagram that is ever sent: what it is, its bytes, what tshark has to see in it. */
const frames: readonly [what: string, hex: string, frame: Buffer, seen: readonly string[]][] = [
  [
    'Who-Is to all',
    '810b000c 0120ffff00ff 1008',
    encodeWhoIsToAll('broadcast', encodeWhoIs()),
    ['Unconfirmed-REQ who-Is', 'Original-Broadcast-NPDU', 'Destination Network Address: 65535'],
  ],
  [
    'Who-Is for a range, by a BBMD',
    '81090011 0120ffff00ff 1008 090a 1a03e9',
    encodeWhoIsToAll('bbmd', encodeWhoIs({ low: 10, high: 1_001 })),
    ['who-Is 10 1001', 'Distribute-Broadcast-To-Network'],
  ],
  [
    'Who-Is to one device, for the highest instance',
    '810a0010 0100 1008 0b3ffffe 1b3ffffe',
    encodeWhoIsTo(local, encodeWhoIs({ low: 4_194_302, high: 4_194_302 })),
    ['who-Is 4194302 4194302', 'Original-Unicast-NPDU'],
  ],
  [
    'Who-Is to all of a network behind a router',
    '810a000c 012000c800ff 1008',
    encodeWhoIsTo({ ...routed, mac: '' }, encodeWhoIs()),
    ['who-Is', 'Destination Network Address: 200'],
  ],
  [
    'ReadProperty of a present value',
    '810a0011 0104 0275 01 0c 0c00000003 1955',
    encodeRequest(
      local,
      1,
      readProperty,
      encodeReadProperty({ objectType: 0, instance: 3, property: 85, index: undefined }),
      255,
    ),
    ['Confirmed-REQ', 'readProperty[  1]', 'analog-input,3', 'present-value', 'Greater than 64 segments', 'Up to 1476'],
  ],
  [
    'ReadProperty that takes no segments, of the length of an array',
    '810a0013 0104 0005 ff 0c 0c023ffffe 194c 2900',
    encodeRequest(
      local,
      255,
      readProperty,
      encodeReadProperty({ objectType: 8, instance: 4_194_302, property: 76, index: 0 }),
      0,
    ),
    ['readProperty[255]', 'device,4194302', 'object-list', 'property Array Index (Unsigned) 0'],
  ],
  [
    'ReadProperty of a property of more than 255, behind a router',
    '810a0017 012400c8010aff 0275 07 0c 0c0ec00001 1a01ca',
    encodeRequest(routed, 7, readProperty, encodeReadProperty({ ...lift, property: 458, index: undefined }), 255),
    ['lift,1', 'car-position', 'Destination Network Address: 200', 'Destination MAC Layer Address Length: 1'],
  ],
  [
    'ReadPropertyMultiple of two objects, one by array index 0',
    '810a0020 0104 0265 02 0e 0c00000001 1e 0955 096f 1f 0c02000001 1e 094c 1900 1f',
    encodeRequest(
      local,
      2,
      readPropertyMultiple,
      encodeReadMultiple([
        { objectType: 0, instance: 1, property: 85, index: undefined },
        { objectType: 0, instance: 1, property: 111, index: undefined },
        { objectType: 8, instance: 1, property: 76, index: 0 },
      ]),
      64,
    ),
    ['readPropertyMultiple[  2]', 'analog-input, 1', 'status-flags', 'device, 1', 'object-list', '64 segments'],
  ],
  [
    'ReadPropertyMultiple of elements of an array',
    '',
    encodeRequest(
      local,
      3,
      readPropertyMultiple,
      encodeReadMultiple([1, 2, 255, 256, 70_000].map(index => ({ ...lift, property: 452, index }))),
      2,
    ),
    ['lift, 1', 'property Array Index (Unsigned) 70000', '2 segments'],
  ],
  [
    'SubscribeCOV',
    '',
    encodeRequest(local, 4, subscribeCov, encodeSubscribeCov(subscription), 0),
    [
      'subscribeCOV[  4]',
      'subscriber Process Id: (Unsigned) 70000',
      'analog-input, 3',
      'issue Confirmed Notifications: TRUE',
      'life time (hh.mm.ss): 0.05.00',
    ],
  ],
  [
    'SubscribeCOV, cancelled',
    '',
    encodeRequest(local, 5, subscribeCov, encodeCancelCov(subscription), 0),
    ['subscribeCOV[  5]', 'subscriber Process Id: (Unsigned) 70000', 'analog-input, 3'],
  ],
  [
    'SubscribeCOVProperty with an increment',
    '',
    encodeRequest(local, 6, subscribeCovProperty, encodeSubscribeCovProperty(propertySubscription), 0),
    ['subscribeCOVProperty[  6]', 'present-value', 'COV Increment: 0.5'],
  ],
  [
    'SubscribeCOVProperty of an element, without an increment',
    '',
    encodeRequest(
      local,
      7,
      subscribeCovProperty,
      encodeSubscribeCovProperty({ ...propertySubscription, index: 0, increment: undefined, isConfirmed: false }),
      0,
    ),
    ['subscribeCOVProperty[  7]', 'present-value', 'issue Confirmed Notifications: FALSE'],
  ],
  [
    'SubscribeCOVProperty, cancelled',
    '',
    encodeRequest(local, 8, subscribeCovProperty, encodeCancelCovProperty(propertySubscription), 0),
    ['subscribeCOVProperty[  8]', 'present-value'],
  ],
  [
    'acknowledgement of a segment',
    '810a000a 0100 40012a10',
    encodeAnswer(local, encodeSegmentAck(1, 42, 16, false)),
    ['Segment-ACK', '42', '16'],
  ],
  [
    'complaint about a missing segment',
    '810a000f 012000c8010aff 4201ff01',
    encodeAnswer(routed, encodeSegmentAck(1, 255, 1, true)),
    ['Segment-ACK'],
  ],
  [
    'acknowledgement of a COV notification',
    '810a0009 0100 200901',
    encodeAnswer(local, encodeSimpleAck(9, 1)),
    ['Simple-ACK', 'confirmedCOVNotification[  9]'],
  ],
  [
    'refusal of a notification that nobody wants',
    '810a000d 0100 500901 9105 914f',
    encodeAnswer(local, encodeError(9, 1, 5, 79)),
    ['Error', 'services', 'unknown-subscription'],
  ],
  [
    'refusal of any other request',
    '810a0009 0100 600909',
    encodeAnswer(local, encodeReject(9, 9)),
    ['Reject', 'unrecognized-service'],
  ],
  [
    'refusal of a request in segments',
    '810a0009 0100 710904',
    encodeAnswer(local, encodeAbort(9, 4, true)),
    ['Abort', 'segmentation-not-supported'],
  ],
  [
    'the end of an answer that is too long',
    '810a0009 0100 700901',
    encodeAnswer(local, encodeAbort(9, 1, false)),
    ['Abort', 'buffer-overflow'],
  ],
  [
    'registration as a foreign device',
    '81050006 012c',
    encodeRegisterForeignDevice(300),
    ['Register-Foreign-Device', '300'],
  ],
];

describe('Wireshark, which nobody here has a part in,', () => {
  const dissections = dissect(frames.map(([, , frame]) => frame));

  test.each(frames.map(([what], index) => [what, index] as const))('reads: %s', (_, index) => {
    const { complaints, info, tree } = dissections[index] ?? { complaints: 'nothing', info: '', tree: '' };
    const [, hex = '', frame, seen = []] = frames[index] ?? [];
    expect(complaints, tree).toBe('');
    if (hex !== '') expect(frame?.toString('hex')).toBe(hex.replaceAll(' ', ''));
    for (const text of seen) expect(`${info}\n${tree}`).toContain(text);
  });

  test('is told of damage, or this test would hold anything', () => {
    const [broken] = dissect([Buffer.from('810a00110104027501 0c0c000000031d55'.replaceAll(' ', ''), 'hex')]);
    expect(`${broken?.complaints}`).not.toBe('');
  });

  test.each([['object types', objectTypes, 'objectType', [0, 2, 3, 8, 13, 23, 57, 58, 59]]] as const)(
    'knows the names of %s that we use',
    (_, table, __, numbers) => {
      const read = dissect(
        numbers.map(objectType =>
          encodeRequest(
            local,
            1,
            readProperty,
            encodeReadProperty({ objectType, instance: 1, property: 85, index: undefined }),
            0,
          ),
        ),
      );
      for (const [index, number] of numbers.entries()) expect(read[index]?.info).toContain(`${table.nameOf(number)},1`);
    },
  );

  test('calls properties what we call them', () => {
    const numbers = [85, 111, 103, 81, 117, 76, 77, 28, 121, 70, 447, 458, 460, 476, 480];
    const read = dissect(
      numbers.map(property =>
        encodeRequest(local, 1, readProperty, encodeReadProperty({ ...lift, property, index: undefined }), 0),
      ),
    );
    for (const [index, number] of numbers.entries()) expect(read[index]?.info).toContain(properties.nameOf(number));
  });
});

test('names are found both ways', () => {
  expect([engineeringUnits.nameOf(62), engineeringUnits.numberOf('degrees-celsius')]).toEqual(['degrees-celsius', 62]);
  expect([errorCodes.nameOf(32), errorCodes.numberOf('no-such-code')]).toEqual(['unknown-property', undefined]);
  expect(objectTypes.nameOf(600)).toBe('600');
});
