import fc from 'fast-check';
import { expect, test } from 'vitest';
import { settle } from '../fakes/virtual-clock.ts';
import { idOf, numberOf, Rig } from './rig.ts';

type Step =
  | { readonly kind: 'admit' | 'turn-away' | 'answer' | 'fail-read' | 'fail-settle' | 'restart' }
  | { readonly kind: 'refuse'; readonly reasonCode: number }
  | { readonly kind: 'cut'; readonly taken: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'alarms' | 'summaries'; readonly count: number };

const kind = <Kind extends string>(...kinds: Kind[]) => fc.constantFrom(...kinds).map(kind => ({ kind }));

const calmStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: kind('admit') },
  { weight: 12, arbitrary: kind('answer') },
  { weight: 2, arbitrary: kind('turn-away', 'fail-read', 'fail-settle', 'restart') },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cut' as const), taken: fc.nat(20) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('alarms', 'summaries'), count: fc.integer({ min: 1, max: 30 }) }),
  },
);

const refusal: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('refuse' as const),
  reasonCode: fc.constantFrom(0x10, 0x80, 0x83, 0x87, 0x95, 0x97),
});

function schedules(steps: fc.Arbitrary<Step>): fc.Arbitrary<Step[]> {
  return fc.array(steps, { minLength: 1, maxLength: 80, size: 'max' });
}

async function play(rig: Rig, step: Step): Promise<void> {
  const { broker, outbox } = rig;
  switch (step.kind) {
    case 'admit':
      if (broker.isAsked) broker.admit();
      break;
    case 'turn-away':
      if (broker.isAsked) broker.turnAway();
      break;
    case 'answer':
      broker.answer();
      break;
    case 'refuse':
      broker.answer(step.reasonCode);
      break;
    case 'cut':
      broker.cut(step.taken);
      break;
    case 'wait':
      await rig.clock.advance(step.ms);
      break;
    case 'alarms':
      rig.addAlarms(step.count);
      break;
    case 'summaries':
      rig.addSummaries(step.count, 12);
      break;
    case 'fail-read':
      failOnce(outbox, 'readAlarmOutbox');
      break;
    case 'fail-settle':
      failOnce(outbox, 'settleAlarms');
      break;
  }
  await settle();
}

function failOnce(outbox: Rig['outbox'], name: 'readAlarmOutbox' | 'settleAlarms'): void {
  Object.defineProperty(outbox, name, {
    configurable: true,
    value: async () => {
      Reflect.deleteProperty(outbox, name);
      throw new Error('disk I/O error');
    },
  });
}

/** The schedule, and then a broker that is well: everything must have arrived in the end. */
async function playAll(rig: Rig, steps: readonly Step[]): Promise<void> {
  rig.uplink.start();
  for (const step of steps) {
    await play(rig, step);
    checkRank(rig);
  }
  for (let round = 0; round < 200 && !rig.outbox.isEmpty; round += 1) {
    if (rig.broker.isAsked) rig.broker.admit();
    await settle();
    await rig.answerAll();
    await rig.clock.advance(5_000);
  }
  const stopped = rig.uplink.stop();
  await rig.clock.advance(1_000);
  await stopped;
}

/** No summary is sent while an alarm is unanswered. */
function checkRank(rig: Rig): void {
  const topics = rig.broker.unanswered.map(({ topic }) => topic.split('/').at(-1));
  const firstSummary = topics.indexOf('summary');
  if (firstSummary >= 0) expect(topics.slice(0, firstSummary)).not.toContain('alarm');
}

function checkDelivery(rig: Rig): void {
  const { broker, outbox } = rig;
  expect(outbox.isEmpty).toBe(true);
  const alarms = broker.delivered.filter(({ topic }) => topic.endsWith('/alarm'));
  const acknowledged = new Set([...broker.acknowledged].map(payload => JSON.parse(payload).id));
  const arrived = new Set(alarms.map(numberOf));
  for (const number of outbox.settledAlarms) {
    expect(arrived).toContain(number);
    expect(acknowledged).toContain(`k3m9x2-${number}`);
  }
  const summaries = broker.delivered.filter(({ topic }) => topic.endsWith('/summary'));
  const points = new Set(summaries.flatMap(pointsOf));
  // Whole or in parts, every point of every window.
  expect(points.size).toBe(12 * outbox.settledSummaries.length);
  const idsByNumber = new Map<number, string>();
  for (const message of alarms) {
    const known = idsByNumber.get(numberOf(message));
    expect(known ?? idOf(message)).toBe(idOf(message));
    idsByNumber.set(numberOf(message), idOf(message));
  }
  expect(broker.deepest).toBeLessThanOrEqual(Math.min(broker.receiveMaximum, 20));
  expect(rig.clock.pending).toBe(0);
}

function pointsOf(message: { readonly payload: string }): string[] {
  const { windowStart, points } = JSON.parse(message.payload).data;
  return points.map(({ point }: { point: string }) => `${windowStart} ${point}`);
}

/** The numbers as a receiver sees them that drops what it has already seen. */
function withoutDuplicates(rig: Rig): number[] {
  const alarms = rig.broker.delivered.filter(({ topic }) => topic.endsWith('/alarm'));
  return [...new Set(alarms.map(numberOf))];
}

function expectRising(numbers: readonly number[]): void {
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
}

test('whatever connections, disks and acknowledgements do, every event arrives, in order, and none is settled without an acknowledgement', async () => {
  await fc.assert(
    fc.asyncProperty(schedules(calmStep), fc.integer({ min: 1, max: 30 }), async (steps, receiveMaximum) => {
      const rig = new Rig();
      rig.broker.receiveMaximum = receiveMaximum;
      rig.broker.longestPacketBytes = 1_500;
      await playAll(rig, steps);
      checkDelivery(rig);
      expectRising(withoutDuplicates(rig));
    }),
    { numRuns: 150 },
  );
});

test('with refusals in between every event still arrives, and in order when one is sent at a time', async () => {
  await fc.assert(
    fc.asyncProperty(
      schedules(fc.oneof({ weight: 8, arbitrary: calmStep }, { weight: 2, arbitrary: refusal })),
      fc.constantFrom(1, 5, 65_535),
      async (steps, receiveMaximum) => {
        const rig = new Rig();
        rig.broker.receiveMaximum = receiveMaximum;
        rig.broker.longestPacketBytes = 1_500;
        await playAll(rig, steps);
        checkDelivery(rig);
        if (receiveMaximum === 1) expectRising(withoutDuplicates(rig));
      },
    ),
    { numRuns: 150 },
  );
});
