import fc from 'fast-check';
import { expect, test } from 'vitest';
import { settle } from '../fakes/virtual-clock.ts';
import { idOf, numberOf, Rig } from './rig.ts';
import type { Read } from './scripted-link.ts';

type Step =
  | { readonly kind: 'admit' | 'turn-away' | 'answer' | 'fail-read' | 'fail-settle' | 'crash' | 'confirm' | 'refresh' }
  | { readonly kind: 'refuse'; readonly reasonCode: number }
  | { readonly kind: 'cut'; readonly taken: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'alarms' | 'summaries'; readonly count: number };

const kind = <Kind extends string>(...kinds: Kind[]) => fc.constantFrom(...kinds).map(kind => ({ kind }));

const calmStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: kind('admit') },
  { weight: 12, arbitrary: kind('answer') },
  { weight: 2, arbitrary: kind('turn-away', 'fail-read', 'fail-settle', 'crash', 'refresh') },
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
      failOnce(outbox, 'readAlarms');
      break;
    case 'fail-settle':
      failOnce(outbox, 'settleAlarms');
      break;
    case 'crash':
      await rig.crash();
      break;
    case 'refresh':
      rig.uplink.refresh();
      break;
    case 'confirm':
      confirm(rig);
      break;
  }
  await settle();
}

/** The platform says how far it has all events without a gap. */
function confirm(rig: Rig): void {
  const arrived = new Set(alarmsDelivered(rig).map(numberOf));
  let number = 0;
  while (arrived.has(number + 1)) number += 1;
  if (number > 0) rig.broker.pass('plantroom/pump-room-1/confirm', JSON.stringify({ id: `k3m9x2-${number}` }));
}

function failOnce(outbox: Rig['outbox'], name: 'readAlarms' | 'settleAlarms'): void {
  Object.defineProperty(outbox, name, {
    configurable: true,
    value: async () => {
      Reflect.deleteProperty(outbox, name);
      throw new Error('disk I/O error');
    },
  });
}

/** The schedule, and then a broker that is well: everything must have arrived in the end. */
async function playAll(rig: Rig, steps: readonly Step[], isOver = () => rig.outbox.isEmpty): Promise<void> {
  // Alarms that nobody listens to let others pass.
  const isRanked = !steps.some(step => step.kind === 'refuse' && step.reasonCode === 0x10);
  rig.uplink.start();
  for (const step of steps) {
    await play(rig, step);
    if (isRanked) checkRank(rig);
    checkCursor(rig);
  }
  for (let round = 0; round < 300 && !isOver(); round += 1) {
    if (rig.broker.isAsked) rig.broker.admit();
    await rig.answerAll();
    await play(rig, { kind: 'confirm' });
    await rig.clock.advance(5_000);
  }
  const stopped = rig.uplink.stop();
  await rig.clock.advance(1_000);
  await stopped;
}

/** Nothing else is begun while an alarm is unanswered. */
function checkRank(rig: Rig): void {
  const topics = rig.broker.unanswered.map(({ topic }) => topic.split('/').at(-1));
  const firstOther = topics.findIndex(topic => topic === 'summary' || topic === 'standing');
  if (firstOther >= 0) expect(topics.slice(0, firstOther)).not.toContain('alarm');
}

/** Nothing is said to be sent that the broker did not take, nor delivered that the platform did not confirm. */
function checkCursor(rig: Rig): void {
  const taken = new Set(alarmsDelivered(rig).map(numberOf));
  const { sent, delivered } = rig.outbox.cursor;
  for (let number = 1; number <= sent; number += 1) expect(taken).toContain(number);
  expect(delivered).toBeLessThanOrEqual(sent);
}

function checkDelivery(rig: Rig): void {
  const { broker, outbox } = rig;
  expect(outbox.isEmpty).toBe(true);
  checkCursor(rig);
  // Summaries that nobody subscribes to count as sent.
  const taken = [...broker.delivered, ...broker.unheard].filter(({ topic }) => topic.endsWith('/summary'));
  const seen = new Set(taken.flatMap(pointsOf));
  // Whole or in parts, every point of every window.
  expect(seen.size).toBe(12 * outbox.settledSummaries.length);
  const payloads = new Map<string, string>();
  for (const message of alarmsDelivered(rig)) {
    // Duplicates have the same id and the same bytes.
    expect(payloads.get(idOf(message)) ?? message.payload).toBe(message.payload);
    payloads.set(idOf(message), message.payload);
  }
  expect(broker.deepest).toBeLessThanOrEqual(Math.min(broker.receiveMaximum, 20));
  expect(rig.clock.pending).toBe(0);
}

function pointsOf(message: Read): string[] {
  const { summaries } = JSON.parse(message.payload).data as {
    summaries: { windowStart: string; points: { point: string }[] }[];
  };
  return summaries.flatMap(({ windowStart, points }) => points.map(({ point }) => `${windowStart} ${point}`));
}

function alarmsDelivered(rig: Rig): readonly Read[] {
  return rig.broker.delivered.filter(({ topic }) => topic.endsWith('/alarm'));
}

/** The numbers as a receiver sees them that drops what it has already seen. */
function withoutDuplicates(rig: Rig): number[] {
  return [...new Set(alarmsDelivered(rig).map(numberOf))];
}

/** Windows of what was kept during outages, as a receiver sees them. */
function backlogWindows(rig: Rig): string[] {
  const seen = new Set<string>();
  const windows: string[] = [];
  for (const message of rig.broker.delivered.filter(({ topic }) => topic.endsWith('/summary'))) {
    const { historical } = JSON.parse(message.payload).data;
    for (const point of pointsOf(message)) {
      if (historical && !seen.has(point)) windows.push(point.split(' ')[0] ?? '');
      seen.add(point);
    }
  }
  return windows;
}

function expectRising<Value>(values: readonly Value[]): void {
  expect(values).toEqual([...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
}

test('whatever connections, disks, acknowledgements and crashes do, every event arrives, in order, and none is settled without an acknowledgement', async () => {
  await fc.assert(
    fc.asyncProperty(schedules(calmStep), fc.integer({ min: 1, max: 30 }), async (steps, receiveMaximum) => {
      const rig = new Rig();
      rig.broker.receiveMaximum = receiveMaximum;
      rig.broker.longestPacketBytes = 1_500;
      await playAll(rig, steps);
      checkDelivery(rig);
      expectRising(withoutDuplicates(rig));
      expectRising(backlogWindows(rig));
    }),
    { numRuns: 150 },
  );
});

test('with refusals and nobody listening in between every event still arrives, and in order when one is sent at a time', async () => {
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

test('a platform that confirms gets every event, in order, and in the end has confirmed them all', async () => {
  await fc.assert(
    fc.asyncProperty(
      schedules(fc.oneof({ weight: 8, arbitrary: calmStep }, { weight: 2, arbitrary: kind('confirm') })),
      fc.integer({ min: 1, max: 30 }),
      async (steps, receiveMaximum) => {
        const rig = new Rig({ confirm: 'platform' });
        rig.broker.receiveMaximum = receiveMaximum;
        rig.broker.longestPacketBytes = 1_500;
        await playAll(rig, steps, () => rig.outbox.isEmpty && rig.outbox.cursor.delivered === rig.outbox.lastNumber);
        checkDelivery(rig);
        expectRising(withoutDuplicates(rig));
        expect(rig.outbox.cursor.delivered).toBe(rig.outbox.lastNumber);
      },
    ),
    { numRuns: 150 },
  );
});
