import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Emission,
  type SessionInput,
  type SessionState,
  stepSession,
  unbornSession,
} from '../../../src/uplink/sparkplug/session-state.ts';

const device = fc.constantFrom('pump', 'meter', 'lift');

const input: fc.Arbitrary<SessionInput> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('node-birth' as const, 'node-death' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('node-data' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('device-birth' as const, 'device-death' as const), device }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('device-data' as const),
      device,
      isGone: fc.boolean(),
      isUnlisted: fc.boolean(),
    }),
  },
);

function run(inputs: readonly SessionInput[], from: SessionState = unbornSession): Emission[] {
  let state = from;
  return inputs.flatMap(input => {
    const step = stepSession(state, input);
    state = step.state;
    return step.emissions;
  });
}

/** A host that believes nothing but the messages: what it objects to. */
function objections(emissions: readonly Emission[]): string[] {
  const found: string[] = [];
  const alive = new Set<string>();
  let expected: number | undefined;
  for (const emission of emissions) {
    if (emission.kind === 'node-death') {
      expected = undefined;
      alive.clear();
      continue;
    }
    if (emission.kind === 'node-birth') {
      expected = 0;
      alive.clear();
    }
    if (expected === undefined) found.push(`${emission.kind} before the birth of the node`);
    else if (emission.seq !== expected) found.push(`${emission.kind} with ${emission.seq} instead of ${expected}`);
    expected = (emission.seq + 1) % 256;
    if (emission.kind === 'device-birth') alive.add(emission.device);
    if (emission.kind === 'device-data' && !alive.has(emission.device)) found.push('data of a device without a birth');
    if (emission.kind === 'device-death' && !alive.delete(emission.device))
      found.push('death of a device that has none');
  }
  return found;
}

test('whatever is asked, a host finds the sequence whole and every device born before its data', () => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 600, size: 'max' }), inputs => {
      expect(objections(run(inputs))).toEqual([]);
    }),
  );
});

test('whatever was asked before, data that are handed in go out, exactly once', () => {
  fc.assert(
    fc.property(
      fc.array(input, { maxLength: 50 }),
      device,
      fc.boolean(),
      fc.boolean(),
      (before, device, isGone, isUnlisted) => {
        let state = unbornSession;
        for (const one of before) state = stepSession(state, one).state;
        const { emissions } = stepSession(state, { kind: 'device-data', device, isGone, isUnlisted });
        expect(emissions.filter(({ kind }) => kind === 'device-data')).toEqual([
          { kind: 'device-data', device, seq: expect.any(Number) },
        ]);
      },
    ),
  );
});

test('the sequence goes from 255 to 0, over all messages of the node and its devices', () => {
  const inputs: SessionInput[] = [
    { kind: 'node-birth' },
    { kind: 'device-birth', device: 'pump' },
    ...Array.from({ length: 300 }, (_, index): SessionInput => {
      return index % 2 === 0
        ? { kind: 'node-data' }
        : { kind: 'device-data', device: 'pump', isGone: false, isUnlisted: false };
    }),
  ];
  const sequence = run(inputs).map(emission => ('seq' in emission ? emission.seq : undefined));
  expect(sequence).toEqual(Array.from({ length: 302 }, (_, index) => index % 256));
});

test('what was kept of a lost device is told between a birth and a death of its own', () => {
  const emissions = run([
    { kind: 'node-birth' },
    { kind: 'device-birth', device: 'pump' },
    { kind: 'device-death', device: 'pump' },
    { kind: 'device-data', device: 'pump', isGone: false, isUnlisted: false },
    { kind: 'device-death', device: 'pump' },
  ]);
  expect(emissions.map(({ kind }) => kind)).toEqual([
    'node-birth',
    'device-birth',
    'device-death',
    'device-birth',
    'device-data',
    'device-death',
  ]);
});

test('a metric that hosts have not been told of is listed by a new birth before its data', () => {
  const emissions = run([
    { kind: 'node-birth' },
    { kind: 'device-birth', device: 'pump' },
    { kind: 'device-data', device: 'pump', isGone: false, isUnlisted: true },
    { kind: 'device-data', device: 'pump', isGone: false, isUnlisted: false },
  ]);
  expect(emissions.map(({ kind }) => kind).slice(2)).toEqual(['device-birth', 'device-data', 'device-data']);
});

test('a rebirth begins the sequence anew and makes every device unknown until its own birth', () => {
  const emissions = run([
    { kind: 'node-birth' },
    { kind: 'device-birth', device: 'pump' },
    { kind: 'node-data' },
    { kind: 'node-birth' },
    { kind: 'device-data', device: 'pump', isGone: false, isUnlisted: false },
  ]);
  expect(emissions.slice(3)).toEqual([
    { kind: 'node-birth', seq: 0 },
    { kind: 'device-birth', device: 'pump', seq: 1 },
    { kind: 'device-data', device: 'pump', seq: 2 },
  ]);
});
