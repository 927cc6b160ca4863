import { expect, test } from 'vitest';
import type { RuleMemory } from '../../src/model/rule-memory.ts';
import { openTestStore, temporaryFolder } from './sample-store.ts';

const memory = (rule: string, state: RuleMemory['state']): RuleMemory => ({
  rule,
  signature: `of ${rule}`,
  savedAt: 1_795_428_900_000,
  stamp: { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 },
  state,
});

test('what rules remember is there when the store is opened again, one record for each', async () => {
  const folder = temporaryFolder();
  const store = await openTestStore(folder);
  await store.keepMemories([memory('pump/starts', [1]), memory('pump/no-test', [2, null])]);
  await store.keepMemories([memory('pump/starts', [3])]);
  await store.close();
  const again = await openTestStore(folder);
  const rows = await again.memories();
  expect(rows.map(({ rule, body }) => [rule, JSON.parse(body)])).toEqual([
    ['pump/no-test', memory('pump/no-test', [2, null])],
    ['pump/starts', memory('pump/starts', [3])],
  ]);
});

test('what is forgotten leaves nothing behind', async () => {
  const store = await openTestStore(temporaryFolder());
  await store.keepMemories([memory('pump/starts', [1]), memory('pump/no-test', [2])]);
  await store.forgetMemories(['pump/starts', 'never-there']);
  expect((await store.memories()).map(({ rule }) => rule)).toEqual(['pump/no-test']);
});

test('the memories of many large rules are written in steps', async () => {
  const store = await openTestStore(temporaryFolder());
  const numbers = Array.from({ length: 5_856 }, (_, at) => at / 7);
  await store.keepMemories(Array.from({ length: 100 }, (_, at) => memory(`pump/band-${at}`, numbers)));
  expect((await store.memories()).length).toBe(100);
});
