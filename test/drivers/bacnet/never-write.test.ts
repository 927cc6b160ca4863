import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeRequest, encodeWhoIsTo, encodeWhoIsToAll } from '../../../drivers/bacnet/datagram.ts';
import { requestServices } from '../../../drivers/bacnet/services.ts';
import { propertyRuns } from '../../fakes/property-runs.ts';
import { peerAt } from './client-rig.ts';

/*
 * The plant is read-only: of the services of BACnet only four that ask, and Who-Is, may ever leave this machine.
 */

const folder = join(import.meta.dirname, '../../../drivers/bacnet');
const sources = readdirSync(folder).map(path => ({ path, text: readFileSync(join(folder, path), 'utf8') }));

describe('the sources of the driver', () => {
  test('take five encoders of node-bacnet, and its tables; never its index, which can command devices', () => {
    const modules = sources
      .filter(({ path }) => !path.endsWith('.d.ts'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/'(node-bacnet[^']*)'/g)].map(
          ([, name]) => `${path}: ${name?.replace('node-bacnet/lib/', '')}`,
        ),
      );
    expect(modules.sort()).toEqual([
      'codec.ts: asn1.js',
      'codec.ts: enum.js',
      'codec.ts: services/read-property.js',
      'codec.ts: services/subscribe-cov.js',
      'codec.ts: services/subscribe-property.js',
      'codec.ts: services/who-is.js',
    ]);
  });

  test('send by one file only what datagram.ts has made', () => {
    const sending = sources.filter(({ text }) => /createSocket\(/.test(text)).map(({ path }) => path);
    expect(sending).toEqual(['udp-port.ts']);
    const framing = sources.filter(({ text }) => /\bsetBvlc\(/.test(text)).map(({ path }) => path);
    expect(framing.sort()).toEqual(['bvlc.ts', 'datagram.ts']);
  });
});

test('the services that may be asked for are four, and none of them changes a value', () => {
  expect(requestServices).toEqual({
    subscribeCov: 5,
    readProperty: 12,
    readPropertyMultiple: 14,
    subscribeCovProperty: 28,
  });
});

test('the last gate before the wire stops any other', () => {
  const allowed: readonly number[] = Object.values(requestServices);
  const peer = peerAt('10.0.0.5', 47_808);
  for (let service = 0; service < 256; service += 1) {
    const attempt = () => encodeRequest(peer, 1, service, Buffer.alloc(0), 0);
    if (allowed.includes(service)) expect(attempt()[9]).toBe(service);
    else expect(attempt).toThrow(`service ${service} was to be asked of the plant`);
  }
});

test('whatever the payload, what is sent unasked is a Who-Is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), payload => {
      expect(encodeWhoIsTo(peerAt('10.0.0.5', 47_808), payload).subarray(6, 8)).toEqual(Buffer.from([0x10, 8]));
      for (const by of ['broadcast', 'bbmd'] as const) {
        expect(encodeWhoIsToAll(by, payload).subarray(10, 12)).toEqual(Buffer.from([0x10, 8]));
      }
    }),
    { numRuns: propertyRuns(100) },
  );
});
