import { afterEach, describe, expect, test } from 'vitest';
import type { BacnetClient } from '../../../drivers/bacnet/client.ts';
import { encodeReadProperty } from '../../../drivers/bacnet/codec.ts';
import { matchReadProperty } from '../../../drivers/bacnet/read-property.ts';
import type { Outcome } from '../../../drivers/bacnet/request.ts';
import { requestServices } from '../../../drivers/bacnet/services.ts';
import type { BacnetValue } from '../../../drivers/bacnet/values.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { openClient, outcomeOf, peerAt } from './client-rig.ts';
import { type HandDevice, type HandDeviceOptions, listedInstance, objectList, openHandDevice } from './hand-device.ts';

const objects = 3_000;

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function openDevice(options: HandDeviceOptions): Promise<HandDevice> {
  const device = await openHandDevice(options);
  opened.push(device);
  return device;
}

function client(): BacnetClient {
  const made = openClient();
  opened.push(made);
  return made;
}

function readList(from: BacnetClient, device: HandDevice, index?: number): Promise<Outcome> {
  return outcomeOf(from, {
    peer: peerAt(device.host, device.port),
    service: requestServices.readProperty,
    payload: encodeReadProperty(listReference(index)),
    timeoutMs: 1_000,
    retries: 3,
    transferMs: 20_000,
  });
}

function listReference(index: number | undefined) {
  return { objectType: 8, instance: 4_194_302, property: objectList, index };
}

function valuesOf(outcome: Outcome, index?: number): readonly BacnetValue[] {
  const match = outcome.kind === 'ack' ? matchReadProperty(listReference(index), outcome.payload) : undefined;
  expect(match, JSON.stringify(outcome)).toMatchObject({ kind: 'values' });
  return match?.kind === 'values' ? match.values : [];
}

function wholeList(number: number): readonly BacnetValue[] {
  return Array.from({ length: objects }, (_, place) => ({
    kind: 'object',
    type: 0,
    instance: listedInstance(number, place + 1),
  }));
}

describe('an object-list of 3,000', () => {
  test('arrives in segments from three devices at once, each with its own', async () => {
    const sizes = [1_450, 480, 206];
    const devices = await Promise.all(
      sizes.map((segmentBytes, index) =>
        openDevice({ host: `127.0.0.${index + 2}`, number: index + 1, objects, segmentBytes, window: 4 * (index + 1) }),
      ),
    );
    const asking = client();
    const outcomes = await Promise.all(devices.map(device => readList(asking, device)));
    for (const [index, outcome] of outcomes.entries()) expect(valuesOf(outcome)).toEqual(wholeList(index + 1));
  });

  test.each([
    [1, 44],
    [2, 50],
    [16, 50],
    [127, 60],
    [3, 1_400],
  ])(
    'arrives in windows of %i segments of %i bytes, past number 255 where they are small',
    async (window, segmentBytes) => {
      const device = await openDevice({ host: '127.0.0.2', number: 1, objects, segmentBytes, window });
      expect(valuesOf(await readList(client(), device))).toEqual(wholeList(1));
    },
  );

  test('arrives whole though every tenth segment is lost and every seventh doubled', async () => {
    const random = seededRandom(9);
    const segmentFate = () => (random.next() < 0.1 ? 'lost' : random.next() < 0.14 ? 'doubled' : 'sent');
    const device = await openDevice({
      host: '127.0.0.2',
      number: 1,
      objects,
      segmentBytes: 200,
      window: 8,
      segmentFate,
    });
    expect(valuesOf(await readList(client(), device))).toEqual(wholeList(1));
  });

  test('arrives by index from a device without segmentation, which says that it has none', async () => {
    const device = await openDevice({ host: '127.0.0.2', number: 1, objects });
    const asking = client();
    expect(await readList(asking, device)).toMatchObject({ kind: 'abort', reason: 4 });
    const [length] = valuesOf(await readList(asking, device, 0), 0);
    expect(length).toEqual({ kind: 'unsigned', value: objects });
    const list = await Promise.all(
      Array.from({ length: objects }, async (_, place) =>
        valuesOf(await readList(asking, device, place + 1), place + 1),
      ),
    );
    expect(list.flat()).toEqual(wholeList(1));
    expect(new Set(device.invokeIds)).toHaveLength(255);
  });
});
