import { expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { createAlarmCommits, storedWithinMs } from '../../src/live/alarm-commits.ts';
import { createLatencies } from '../../src/live/latency.ts';
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

test('what is handed over is stored when the disk has taken the last of it, and not before', async () => {
  const { disk, commits, commit } = commitsOn();
  expect(await commits.stored()).toBe(true);
  commit();
  commit();
  let isStored: boolean | undefined;
  const waiting = commits.stored().then(answer => {
    isStored = answer;
  });
  disk[0]?.take();
  await Promise.resolve();
  expect(isStored).toBeUndefined();
  disk[1]?.take();
  await waiting;
  expect(isStored).toBe(true);
});

test('a disk that refuses, or does not answer in time, has not stored it', async () => {
  const { clock, disk, commits, commit } = commitsOn();
  commit();
  const refused = commits.stored();
  disk[0]?.refuse();
  expect(await refused).toBe(false);
  commit();
  const late = commits.stored();
  await clock.advance(storedWithinMs);
  expect(await late).toBe(false);
});
