import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeReadProperty } from '../../../drivers/bacnet/codec.ts';
import { matchReadProperty } from '../../../drivers/bacnet/read-property.ts';
import type { Outcome } from '../../../drivers/bacnet/request.ts';
import { requestServices } from '../../../drivers/bacnet/services.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { openClient, outcomeOf, peerAt } from './client-rig.ts';
import { type HandDevice, openHandDevice, presentValue, stampOf } from './hand-device.ts';

/*
 * 300 requests at once over 100 devices on real sockets, 127.0.0.2 and up. Two thirds of the answers come as they should; of the
 * rest some are late, some lost, some come from the address of another host. Several rounds, so that late answers
 * meet later requests.
 */

const rounds = 4;
const timeoutMs = 250;

describe('300 requests to 100 devices, a third of the answers late, lost or of another host', () => {
  const random = seededRandom(6);
  const devices: HandDevice[] = [];
  const stranger = createSocket('udp4');
  const fates = { late: 0, lost: 0, stranger: 0, sent: 0 };

  beforeAll(async () => {
    stranger.bind({ address: '127.0.0.250', port: 0 });
    await once(stranger, 'listening');
    for (let number = 1; number <= 100; number += 1) {
      const fate = (send: (from?: typeof stranger) => void) => {
        const chance = random.next() * 9;
        const kind = chance < 1 ? 'late' : chance < 2 ? 'lost' : chance < 3 ? 'stranger' : 'sent';
        fates[kind] += 1;
        if (kind === 'late') setTimeout(() => send(), timeoutMs * (0.5 + 3 * random.next()));
        if (kind === 'stranger') send(stranger);
        if (kind === 'sent') send();
      };
      devices.push(await openHandDevice({ host: `127.0.0.${number + 1}`, number, fate }));
    }
  });

  afterAll(() => {
    for (const device of devices) device.close();
    stranger.close();
  });

  test('every one ends, and not one with a wrong value', async () => {
    const client = openClient();
    const ends: Record<string, number> = {};
    let wrong = 0;
    for (let round = 0; round < rounds; round += 1) {
      const asked = Array.from({ length: 300 }, (_, index) => ({ device: index % 100, instance: round * 300 + index }));
      const outcomes = await Promise.all(
        asked.map(async ({ device, instance }) => {
          const { host, port } = devices[device] ?? { host: '', port: 0 };
          const reference = { objectType: 0, instance, property: presentValue, index: undefined };
          const outcome = await outcomeOf(client, {
            peer: peerAt(host, port),
            service: requestServices.readProperty,
            payload: encodeReadProperty(reference),
            timeoutMs,
            retries: 1,
          });
          return { outcome, reference, number: device + 1 };
        }),
      );
      expect(outcomes).toHaveLength(300);
      for (const { outcome, reference, number } of outcomes) {
        ends[outcome.kind] = (ends[outcome.kind] ?? 0) + 1;
        if (outcome.kind === 'ack' && !isRight(outcome, reference, number)) wrong += 1;
      }
    }
    expect(wrong).toBe(0);
    expect(Object.keys(ends).sort()).toEqual(['ack', 'timeout']);
    // Each is sent up to twice, so on an idle machine one in nine of the requests fails.
    expect(ends.ack).toBeGreaterThan(rounds * 300 * 0.4);
    expect(ends.timeout).toBeGreaterThan(0);
    expect(Math.min(fates.late, fates.lost, fates.stranger)).toBeGreaterThan(50);
    expect(client.counts.unasked).toBeGreaterThan(50);
    await client.close();
  });
});

function isRight(
  outcome: Outcome & { kind: 'ack' },
  reference: Parameters<typeof matchReadProperty>[0],
  number: number,
): boolean {
  const match = matchReadProperty(reference, outcome.payload);
  const [value] = match.kind === 'values' ? match.values : [];
  return value?.kind === 'unsigned' && value.value === stampOf(number, reference.instance, presentValue);
}
