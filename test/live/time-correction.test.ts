import { expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { createTimeCorrection } from '../../src/live/time-correction.ts';
import type { AlarmState } from '../../src/model/alarm.ts';
import { settle, VirtualClock } from '../fakes/virtual-clock.ts';

/** A store whose disk refuses so many times, and a history that is only counted. */
function correctionOn(refusals: number) {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const historyAsked: string[] = [];
  const corrected: (readonly AlarmState[])[] = [];
  let left = refusals;
  const correction = createTimeCorrection({
    clock,
    log: silentLog,
    store: {
      async correctTimes({ bootId }) {
        asked.push(bootId);
        left -= 1;
        if (left >= 0) throw new Error('the disk refuses');
        return { events: 1, states: [] };
      },
    },
    history: {
      async correctTimes({ bootId }) {
        historyAsked.push(bootId);
        return 0;
      },
    },
    onCorrected: states => corrected.push(states),
  });
  return { clock, asked, historyAsked, corrected, correction };
}

const fixOf = (bootId: string) => ({ bootId, bootedAt: 0 });

test('a disk that refuses is asked again every half minute until it takes it, and the history only once', async () => {
  const { clock, asked, historyAsked, corrected, correction } = correctionOn(3);
  correction.start(fixOf('boot'));
  await clock.advance(600_000);
  expect(asked).toEqual(['boot', 'boot', 'boot', 'boot']);
  expect(historyAsked).toEqual(['boot']);
  expect(corrected).toHaveLength(1);
});

test('a clock that is set three times while the disk refuses has one try waiting, for the newest', async () => {
  const { clock, asked, corrected, correction } = correctionOn(3);
  for (const boot of ['one', 'two', 'three']) {
    correction.start(fixOf(boot));
    await settle();
  }
  await clock.advance(600_000);
  expect(asked).toEqual(['one', 'two', 'three', 'three']);
  expect(corrected).toHaveLength(1);
});

test('nothing is asked any more after the stop', async () => {
  const { clock, asked, correction } = correctionOn(1);
  correction.start(fixOf('boot'));
  await settle();
  correction.stop();
  await clock.advance(600_000);
  expect(asked).toEqual(['boot']);
});

test('a refusal that comes after the stop arms nothing', async () => {
  const { clock, asked, correction } = correctionOn(1);
  correction.start(fixOf('boot'));
  correction.stop();
  await clock.advance(600_000);
  expect(asked).toEqual(['boot']);
});
