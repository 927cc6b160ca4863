import { expect, test } from 'vitest';
import { readFailure, secondaries, startMainsPlant } from '../bench/mains-failure.ts';
import { waitUntil } from '../fakes/wait-until.ts';

test('a mains failure with a thousand alarms is one urgent alarm with its secondaries, all stored in order', async () => {
  await using plant = await startMainsPlant();
  const { daemon } = plant;
  await plant.fail();
  const raised = () => Number(daemon.query("SELECT count(*) FROM alarm_log WHERE kind = 'raised'"));
  await waitUntil(
    () => raised() > secondaries,
    () => `${raised()} alarms were raised:\n${daemon.log()}`,
  );
  expect(readFailure(daemon)).toEqual({
    raised: secondaries + 1,
    causes: ['mains/dead'],
    marked: secondaries,
    urgent: 1,
    outOfOrder: 0,
    floods: 1,
  });
  const { standing } = await daemon.client.alarms(0);
  const { firstOut, occurrence } = standing.find(({ alarm }) => alarm === 'mains/dead') ?? {};
  expect(firstOut).toBeUndefined();
  expect(standing.filter(state => state.firstOut === occurrence)).toHaveLength(secondaries);
}, 120_000);
