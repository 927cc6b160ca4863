import { expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { createAlarmCommits, storedWithinMs } from '../../src/live/alarm-commits.ts';
import { createLatencies } from '../../src/live/latency.ts';
import type { CommandReply } from '../../src/model/command.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

/** Commits on a disk that answers when the test says so. */
function commitsOn() {
  const clock = new VirtualClock();
  const disk: { take: () => void; refuse: () => void }[] = [];
  const commits = createAlarmCommits({
    ...{ clock, log: silentLog, latency: createLatencies(), onCommitted: () => {} },
    store: {
      commitAlarms: () =>
        new Promise<void>((take, refuse) => disk.push({ take, refuse: () => refuse(new Error('full')) })),
    },
  });
  return { clock, disk, commits, commit: () => commits.commit({ events: [], states: [] }, 0) };
}

const done: CommandReply = { kind: 'done', message: 'pump/low: acknowledged' };
const notYet = {
  kind: 'done',
  message: 'pump/low: acknowledged; the disk has not taken it yet: plantroom status says why',
};

test('a person is answered when the disk has taken the last of what was handed over, and not before', async () => {
  const { disk, commits, commit } = commitsOn();
  expect(await commits.answer(done)).toEqual(done);
  commit();
  commit();
  let answer: CommandReply | undefined;
  const waiting = commits.answer(done).then(reply => {
    answer = reply;
  });
  disk[0]?.take();
  await Promise.resolve();
  expect(answer).toBeUndefined();
  disk[1]?.take();
  await waiting;
  expect(answer).toEqual(done);
});

test('a person is told where the disk refuses, or does not answer in time', async () => {
  const { clock, disk, commits, commit } = commitsOn();
  commit();
  const refused = commits.answer(done);
  disk[0]?.refuse();
  expect(await refused).toEqual(notYet);
  commit();
  const late = commits.answer(done);
  await clock.advance(storedWithinMs);
  expect(await late).toEqual(notYet);
});

test('what is refused is said at once, and says nothing of the disk', async () => {
  const { disk, commits, commit } = commitsOn();
  const refusal: CommandReply = { kind: 'refused', message: 'there is no alarm pump/lwo', details: [] };
  commit();
  expect(await commits.answer(refusal)).toEqual(refusal);
  disk[0]?.refuse();
  expect(await commits.answer(refusal)).toEqual(refusal);
});
