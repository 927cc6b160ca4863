import { describe, expect, test } from 'vitest';
import { describeFailure, describePublishRefusal, isSizeSuspected, isTakeover } from '../../src/uplink/failure.ts';
import type { LinkFailure } from '../../src/uplink/link.ts';

const party = { url: 'mqtts://broker.example:8883', clientId: 'pump-room-1', username: 'gateway-7' };

const network = (code: string | undefined, detail = 'detail'): LinkFailure => ({ kind: 'network', code, detail });

const codes = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ECONNRESET',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'EPROTO',
  'EWHATEVER',
  undefined,
];
const reasonCodes = Array.from({ length: 256 }, (_, code) => code);

const all: LinkFailure[] = [
  ...codes.map(code => network(code)),
  network(undefined, 'Keepalive timeout'),
  network(undefined, 'Invalid puback reason code'),
  ...reasonCodes.map(reasonCode => ({ kind: 'refused' as const, reasonCode })),
  ...reasonCodes.map(reasonCode => ({ kind: 'disconnected' as const, reasonCode })),
  { kind: 'lost' },
  { kind: 'unusable', detail: 'the file /x of uplink.tls.ca cannot be read (ENOENT)' },
  { kind: 'connect-timeout', afterMs: 15_000 },
  { kind: 'publish-timeout', afterMs: 10_000, topic: 'plantroom/pump-room-1/alarm' },
];

describe('every failure', () => {
  test('is one line without a stack, an undefined or a secret', () => {
    for (const failure of all) {
      const text = describeFailure(failure, party);
      expect(text).not.toMatch(/\n|undefined|NaN|\[object/);
      expect(text.length).toBeGreaterThan(20);
      expect(text.length).toBeLessThan(200);
    }
  });

  test('to publish is one line that names the topic', () => {
    for (const reasonCode of reasonCodes) {
      const text = describePublishRefusal(reasonCode, 'plantroom/pump-room-1/alarm', party);
      expect(text).toContain('plantroom/pump-room-1/alarm');
      expect(text).not.toMatch(/\n|undefined/);
    }
  });
});

test.each([
  [network('ENOTFOUND'), 'the host of broker.example:8883 is not known by name'],
  [network('EHOSTUNREACH'), 'there is no way to broker.example:8883 (EHOSTUNREACH)'],
  [network('CERT_NOT_YET_VALID'), "the gateway's clock is probably wrong"],
  [network('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'does it want a client certificate'],
  [network('EWHATEVER'), 'failed (EWHATEVER)'],
  [network(undefined, 'odd'), 'failed (odd)'],
  [network(undefined, 'Keepalive timeout'), 'did not answer for one and a half keep-alives'],
  [
    { kind: 'refused', reasonCode: 0x86 },
    'refuses the login of user "gateway-7" (client "pump-room-1") (0x86 bad user name',
  ],
  [{ kind: 'refused', reasonCode: 0xc3 }, 'refuses the connection (0xC3)'],
  [{ kind: 'disconnected', reasonCode: 0x93 }, 'ended the connection (0x93 receive maximum exceeded)'],
  [{ kind: 'lost' }, 'whether another client uses the client id "pump-room-1"'],
] as const satisfies readonly (readonly [LinkFailure, string])[])('%j is said: %s', (failure, text) => {
  expect(describeFailure(failure, party)).toContain(text);
});

test('a takeover and a suspected size are told from the rest', () => {
  expect(all.filter(isTakeover)).toEqual([{ kind: 'disconnected', reasonCode: 0x8e }]);
  expect(all.filter(isSizeSuspected)).toEqual([network(undefined, 'Invalid puback reason code')]);
});
