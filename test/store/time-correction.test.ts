import { expect, test } from 'vitest';
import type { AlarmEvent } from '../../src/model/alarm.ts';
import { alarmEvent, openTestStore, range, stateAfter, temporaryFolder, upTo } from './sample-store.ts';
import { askShell } from './shell.ts';

/** 1970, as the clock of a machine without a clock chip says. */
const wrongAt = 10_000;
const bootedAt = Date.UTC(2026, 10, 23, 10, 0);

/** An event that was detected `bootMs` after the boot, half a second after its sample. */
function early(number: number, storeId: string, bootMs: number, change: Partial<AlarmEvent> = {}): AlarmEvent {
  return alarmEvent(number, storeId, {
    alarm: `rig/alarm-${number}`,
    sampledAt: wrongAt + bootMs - 500,
    detectedAt: wrongAt + bootMs,
    stamp: { clock: 'unsynchronised', bootId: 'now', bootMs },
    ...change,
  });
}

test('what was recorded before the clock was set gets its right times once, with the alarms that stand because of it', async () => {
  const store = await openTestStore(temporaryFolder());
  const events = [early(1, store.id, 1_000), early(2, store.id, 2_000), early(3, store.id, 3_000)];
  await store.commitAlarms(events, events.map(stateAfter));
  // The first has been sent as it was: whoever has it must not get another one under its id.
  await store.settleAlarms('platform', { sent: 1, delivered: 0 });

  const { events: corrected, states } = await store.correctTimes({ bootId: 'now', bootedAt });
  expect(corrected).toBe(2);
  expect(states.map(({ alarm, raisedAt }) => [alarm, raisedAt - bootedAt])).toEqual([
    ['rig/alarm-2', 2_000],
    ['rig/alarm-3', 3_000],
  ]);
  expect(await store.readAlarms('platform', 0, 10)).toEqual([
    events[0],
    {
      ...events[1],
      sampledAt: bootedAt + 1_500,
      detectedAt: bootedAt + 2_000,
      stamp: { clock: 'corrected', bootId: 'now', bootMs: 2_000 },
    },
    {
      ...events[2],
      sampledAt: bootedAt + 2_500,
      detectedAt: bootedAt + 3_000,
      stamp: { clock: 'corrected', bootId: 'now', bootMs: 3_000 },
    },
  ]);
  expect((await store.alarmStates()).map(({ raisedAt }) => raisedAt)).toEqual([
    wrongAt + 1_000,
    bootedAt + 2_000,
    bootedAt + 3_000,
  ]);
  expect(askShell(store.path, "select datetime(detected_at / 1000, 'unixepoch'), clock from alarm_log")).toBe(
    '1970-01-01 00:00:11|unsynchronised\n2026-11-23 10:00:02|corrected\n2026-11-23 10:00:03|corrected',
  );
  expect(await store.correctTimes({ bootId: 'now', bootedAt: 0 })).toEqual({ events: 0, states: [] });
});

test('events of another boot, or of a clock that was right, are left as they are', async () => {
  const store = await openTestStore(temporaryFolder());
  const events = [
    early(1, store.id, 1_000, { stamp: { clock: 'unsynchronised', bootId: 'before', bootMs: 1_000 } }),
    early(2, store.id, 2_000, { stamp: { clock: 'synchronised', bootId: 'now', bootMs: 2_000 } }),
  ];
  await store.commitAlarms(events, []);
  expect(await store.correctTimes({ bootId: 'now', bootedAt })).toEqual({ events: 0, states: [] });
  expect(await store.readAlarms('platform', 0, 10)).toEqual(events);
});

test('an alarm that was raised and returned meanwhile has two right events and stands no more', async () => {
  const store = await openTestStore(temporaryFolder());
  const raised = early(1, store.id, 1_000, { alarm: 'rig/level' });
  const returned = early(2, store.id, 5_000, { alarm: 'rig/level', kind: 'returned', occurrence: raised.id });
  // Raised again with the clock right: the early event has the same alarm and is not the one that stands.
  const again = alarmEvent(3, store.id, { alarm: 'rig/level' });
  await store.commitAlarms([raised, returned, again], [stateAfter(raised), stateAfter(returned), stateAfter(again)]);
  expect(await store.correctTimes({ bootId: 'now', bootedAt })).toEqual({ events: 2, states: [] });
  expect(await store.alarmStates()).toMatchObject([{ occurrence: again.id, raisedAt: again.detectedAt }]);
});

test('a long list is corrected in steps, all of it, also what was on its way to the disk', async () => {
  const store = await openTestStore(temporaryFolder(), { transactionRows: 20 });
  await store.useUplinks([]);
  const commits = range(1, 110).map(number => store.commitAlarms([early(number, store.id, number * 10)], []));
  expect(await store.correctTimes({ bootId: 'now', bootedAt })).toMatchObject({ events: 110 });
  await Promise.all(commits);
  expect(askShell(store.path, 'select clock, count(*) from alarm_log group by clock')).toBe('corrected|110');
  await store.useUplinks(['platform']);
  await store.settleAlarms('platform', upTo(110));
});
