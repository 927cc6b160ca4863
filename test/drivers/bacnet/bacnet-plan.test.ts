import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  answerBytes,
  keyOf,
  type Learned,
  learnRefusal,
  nextPart,
  remember,
  unlearned,
} from '../../../drivers/bacnet/learned.ts';
import { qualityOf } from '../../../drivers/bacnet/quality.ts';
import { planReads, propertiesOf } from '../../../drivers/bacnet/read-plan.ts';
import type { PropertyReference, PropertyResult } from '../../../drivers/bacnet/values.ts';
import { bacnetAddress, bacnetDevice } from './driver-rig.ts';

const addresses = fc.array(
  fc.record({
    objectType: fc.constantFrom(0, 2, 5, 8, 13, 59),
    instance: fc.integer({ min: 0, max: 40 }),
    property: fc.constantFrom(85, 77, 463, 450, 111),
    index: fc.constantFrom(undefined, 1, 2),
  }),
  { minLength: 1, maxLength: 120 },
);

function says(...learned: readonly Partial<Learned>[]): Learned {
  return Object.assign(unlearned(), ...learned);
}

function textOf({ objectType, instance, property, index }: PropertyReference): string {
  return `${objectType}/${instance} ${property}${index === undefined ? '' : `[${index}]`}`;
}

describe('a plan', () => {
  test('has every point once, and reads of it that fit into a message of the device', () => {
    fc.assert(
      fc.property(addresses, fc.constantFrom(undefined, 128, 480, 1_476), (places, maxApdu) => {
        const device = bacnetDevice(places.map(place => bacnetAddress(place)));
        const learned = says({ maxApdu });
        const reads = planReads(device, device.points, learned);
        const numbers = reads.flatMap(read => read.points.map(({ number }) => number)).sort((a, b) => a - b);
        expect(numbers).toEqual(device.points.map(({ number }) => number));
        for (const read of reads) {
          expect(read.addresses).toEqual(read.points.map(({ address }) => address));
          const asked = propertiesOf(read.addresses, learned);
          const bytes = asked.reduce((sum, one, at) => sum + answerBytes(one, asked[at - 1]), 0);
          if (read.points.length > 1) expect(bytes).toBeLessThanOrEqual((maxApdu ?? 1_476) - 24);
        }
      }),
    );
  });

  test('asks each property once, however many points are parts of it, and the state of an object once behind them', () => {
    const lift = bacnetAddress({ objectType: 59, property: 463 });
    const parts = [3, 6, 7].map(value => ({ ...lift, part: { kind: 'contains', value } as const }));
    const asked = propertiesOf([...parts, bacnetAddress({ objectType: 59, property: 458 })], unlearned());
    expect(asked.map(textOf)).toEqual(['59/1 463', '59/1 458', '59/1 111', '59/1 103']);
  });

  test('asks what a device says of itself without its state, and of an object what it has of it', () => {
    const learned = unlearned();
    const name = bacnetAddress({ objectType: 8, instance: 1_001, property: 77 });
    expect(propertiesOf([name, bacnetAddress()], learned).map(textOf)).toEqual(['8/1001 77', '0/1 85', '0/1 111']);
    remember(learned.missing, keyOf({ objectType: 0, instance: 1, property: 111, index: undefined }));
    expect(propertiesOf([bacnetAddress()], learned).map(textOf)).toEqual(['0/1 85', '0/1 103', '0/1 81']);
    for (const property of [103, 81]) {
      remember(learned.missing, keyOf({ objectType: 0, instance: 1, property, index: undefined }));
    }
    expect(propertiesOf([bacnetAddress()], learned).map(textOf)).toEqual(['0/1 85']);
  });
});

describe('what a device refuses as a whole', () => {
  const refusals = fc.constantFrom(
    { kind: 'error', reason: undefined } as const,
    { kind: 'reject', reason: 9 } as const,
    { kind: 'reject', reason: 1 } as const,
    { kind: 'abort', reason: 4 } as const,
    { kind: 'abort', reason: 200 } as const,
  );

  test('is asked for in smaller parts until each property was asked for alone, and never for ever', () => {
    fc.assert(
      fc.property(addresses, fc.infiniteStream(refusals), (places, answers) => {
        const learned = unlearned();
        let left = propertiesOf(
          places.map(place => bacnetAddress(place)),
          learned,
        );
        const most = 4 * left.length + 20;
        let requests = 0;
        for (; left.length > 0 && requests < most; requests += 1) {
          const part = nextPart(left, learned);
          expect(part.properties.length).toBeGreaterThan(0);
          if (part.service === 'read-multiple') learnRefusal(learned, part.properties, answers.next().value);
          else left = left.filter(one => !part.properties.includes(one));
        }
        expect(left).toEqual([]);
      }),
    );
  });
});

describe('the quality of an object', () => {
  const values = (...all: readonly (number | readonly boolean[])[]): PropertyResult => ({
    kind: 'values',
    values: all.map(value =>
      typeof value === 'number' ? { kind: 'enumerated', value } : { kind: 'bits', bits: value },
    ),
  });
  const error: PropertyResult = { kind: 'error', errorClass: 2, errorCode: 32 };
  const well = values([false, false, false, false]);
  const alarm = values([true, false, false, false]);
  const overridden = values([false, false, true, false]);
  const fault = values([true, true, false, false]);
  const out = values([false, true, false, true]);

  test.each<[string, Parameters<typeof qualityOf>, string]>([
    [
      'is good where all is well',
      [{ statusFlags: well, reliability: undefined, outOfService: undefined }, false],
      'good',
    ],
    ['is good in alarm', [{ statusFlags: alarm, reliability: undefined, outOfService: undefined }, false], 'good'],
    [
      'is good where it is overridden',
      [{ statusFlags: overridden, reliability: undefined, outOfService: undefined }, false],
      'good',
    ],
    [
      'is a fault of the device by its flags',
      [{ statusFlags: fault, reliability: undefined, outOfService: undefined }, false],
      'device-fault',
    ],
    [
      'is not known where the fault may be what it tells',
      [{ statusFlags: fault, reliability: undefined, outOfService: undefined }, true],
      'unknown',
    ],
    [
      'is good in one of its fault states',
      [{ statusFlags: fault, reliability: values(9), outOfService: undefined }, true],
      'good',
    ],
    [
      'is good with faults in its list',
      [{ statusFlags: fault, reliability: values(23), outOfService: undefined }, true],
      'good',
    ],
    [
      'is a fault where its sensor is open',
      [{ statusFlags: fault, reliability: values(4), outOfService: undefined }, true],
      'device-fault',
    ],
    [
      'is out of service, whatever else it is',
      [{ statusFlags: out, reliability: values(4), outOfService: undefined }, true],
      'out-of-service',
    ],
    [
      'follows from its reliability where it has no flags',
      [{ statusFlags: error, reliability: values(12), outOfService: values(0) }, false],
      'device-fault',
    ],
    [
      'is out of service without flags',
      [{ statusFlags: error, reliability: error, outOfService: values(1) }, false],
      'out-of-service',
    ],
    [
      'is good where it says nothing of itself',
      [{ statusFlags: error, reliability: error, outOfService: error }, false],
      'good',
    ],
  ])('%s', (_, [state, trusted], quality) => {
    expect(qualityOf(state, trusted)).toBe(quality);
  });
});
