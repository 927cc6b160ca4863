import { expect, test } from 'vitest';
import type { Learned } from '../../src/model/learned.ts';
import { openTestStore, temporaryFolder } from './sample-store.ts';

const hole: Learned = {
  kind: 'hole',
  table: 'input-register',
  address: 7,
  count: 2,
  learnedAt: 1_795_428_900_000,
  triedAt: 1_795_428_960_000,
};

const record = (device: string, learned: readonly Learned[]) => ({ device, signature: `of ${device}`, learned });

test('what was learned of devices is there when the store is opened again, one record for each', async () => {
  const folder = temporaryFolder();
  const store = await openTestStore(folder);
  await store.keepLearned(record('meter', [hole]));
  await store.keepLearned(record('pump', [{ ...hole, address: 1 }]));
  await store.keepLearned(record('meter', [hole, { ...hole, kind: 'cut', count: 0 }]));
  await store.close();
  const again = await openTestStore(folder);
  expect(await again.learned()).toEqual([
    record('meter', [hole, { ...hole, kind: 'cut', count: 0 }]),
    record('pump', [{ ...hole, address: 1 }]),
  ]);
});

test('a record of nothing leaves nothing behind', async () => {
  const store = await openTestStore(temporaryFolder());
  await store.keepLearned(record('meter', [hole]));
  await store.keepLearned(record('meter', []));
  await store.keepLearned(record('never-there', []));
  expect(await store.learned()).toEqual([]);
});
