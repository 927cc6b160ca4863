import { describe, expect, test } from 'vitest';
import { createDetector } from '../../src/detect/detector.ts';
import { batch, communicationRule, every, limitRule, play, point, sample, textOf, type Value } from './plant.ts';

const heard = 50;

describe('a communication alarm', () => {
  test.each<[string, { onDelayMs?: number; offDelayMs?: number }, Value[], string[]]>([
    [
      'without delay: raised by the first failed read',
      {},
      [heard, 'timeout', 'timeout', heard],
      ['met 1000', 'gone 3000'],
    ],
    ['a device that was never there', { onDelayMs: 2_000 }, ['no-connection', 'offline', 'offline'], ['met 2000']],
    ['one failed read is no loss', { onDelayMs: 2_000 }, [heard, 'timeout', heard, 'timeout', heard, 'timeout'], []],
    ['an exception is an answer', {}, [heard, 'refused', 'refused'], []],
    ['a "not available" number is an answer', {}, ['invalid-value', 'not-a-number'], []],
    ['damaged answers are none', { onDelayMs: 1_000 }, ['bad-reply', 'bad-reply'], ['met 1000']],
    ['a bus without time tells nothing of the device', {}, [heard, 'overrun', 'overrun', 'overrun'], []],
    [
      'a bus without time stops the on-delay',
      { onDelayMs: 2_000 },
      ['timeout', 'overrun', 'overrun', 'overrun', 'timeout', 'timeout'],
      ['met 5000'],
    ],
    [
      'a bus without time does not bring it back',
      {},
      ['timeout', 'overrun', 'overrun', 'timeout', heard],
      ['met 0', 'gone 4000'],
    ],
    [
      'back at the first answered read',
      { onDelayMs: 2_000 },
      ['timeout', 'timeout', 'timeout', heard],
      ['met 2000', 'gone 3000'],
    ],
    [
      'an off-delay waits for it to stay',
      { offDelayMs: 2_000 },
      ['timeout', heard, heard, heard],
      ['met 0', 'gone 3000'],
    ],
    [
      'an off-delay starts anew when the device is lost again',
      { offDelayMs: 2_000 },
      ['timeout', heard, heard, 'timeout', heard, heard, heard],
      ['met 0', 'gone 6000'],
    ],
  ])('%s', (_name, delays, values, expected) => {
    const detector = createDetector([communicationRule(delays)], []);
    expect(play(detector, every(1_000, values))).toEqual(expected);
  });

  test('several reads a second: lost only when none of them was answered', () => {
    const detector = createDetector([communicationRule({ onDelayMs: 3_000 })], []);
    const changes: string[] = [];
    for (let mono = 0; mono < 60_000; mono += 1_000) {
      changes.push(...detector.step(batch(mono, ['timeout'])).map(textOf));
      changes.push(...detector.step(batch(mono + 1, mono < 20_000 ? [heard] : ['timeout'])).map(textOf));
    }
    expect(changes).toEqual(['met 23000']);
  });

  test('a device with one block that always times out comes back all the same', () => {
    const detector = createDetector(
      [communicationRule({ onDelayMs: 3_000, offDelayMs: 5_000 })],
      ['pump/communication'],
    );
    const changes: string[] = [];
    for (let mono = 0; mono < 20_000; mono += 1_000) {
      changes.push(...detector.step(batch(mono, [heard])).map(textOf));
      changes.push(...detector.step(batch(mono + 900, ['timeout'])).map(textOf));
    }
    expect(changes).toEqual(['gone 6000']);
  });

  test('a read without points counts like any other', () => {
    const detector = createDetector([communicationRule()], []);
    expect(detector.step(batch(0, [], { isAnswered: false })).map(textOf)).toEqual(['met 0']);
    expect(detector.step(batch(1, [], { isAnswered: true })).map(textOf)).toEqual(['gone 1']);
  });

  test('what is computed from a lost device does not say that it was heard', () => {
    const detector = createDetector([communicationRule({ onDelayMs: 2_000 })], []);
    const computed = sample(point(0, { address: { protocol: 'computed' } }), heard);
    const changes = every(1_000, Array<Value>(4).fill('timeout')).flatMap(([mono, value]) => [
      ...detector.step(batch(mono, [value])),
      ...detector.step(batch(mono, [], { samples: [computed], isAnswered: true })),
    ]);
    expect(changes.map(textOf)).toEqual(['met 2000']);
  });

  test('the alarm carries no value and comes before those of the points', () => {
    const rules = [limitRule(), communicationRule()];
    const detector = createDetector(rules, ['pump/communication']);
    const changes = detector.step(batch(0, [99]));
    expect(changes.map(({ kind, rule, value }) => [kind, rule.kind, value])).toEqual([
      ['gone', 'communication', undefined],
      ['met', 'limit', 99],
    ]);
  });

  test('the alarms of a lost device freeze, and the loss is told once, not per point', () => {
    const points = Array.from({ length: 20 }, (_, number) => limitRule({ key: `pump/${number}`, point: number }));
    const detector = createDetector([...points, communicationRule({ onDelayMs: 1_000 })], []);
    expect(detector.step(batch(0, Array<Value>(20).fill(99)))).toHaveLength(20);
    const lost = [1, 2, 3, 4].flatMap(s => detector.step(batch(s * 1_000, Array<Value>(20).fill('timeout'))));
    expect(lost.map(textOf)).toEqual(['met 2000']);
    expect(detector.active()).toHaveLength(21);
  });
});
