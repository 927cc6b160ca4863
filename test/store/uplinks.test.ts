import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import { openStore } from '../../src/store/store.ts';
import { alarmEvents, numbersOf, openTestFile, openTestStore, range, temporaryFolder, upTo } from './sample-store.ts';
import { askShell } from './shell.ts';

function logInto(lines: Record<string, unknown>[]): Log {
  const take = (fields: Record<string, unknown>, message: string) => lines.push({ ...fields, message });
  const log: Log = { debug: take, info: take, warn: take, error: take, child: () => log };
  return log;
}

describe('the uplinks of a store', () => {
  test('each have a place of their own, which only moves forward and is kept over a restart', async () => {
    const folder = temporaryFolder();
    const store = await openTestStore(folder);
    await store.useUplinks(['platform', 'second']);
    await store.commitAlarms(alarmEvents(1, 10, store.id), []);
    await store.settleAlarms('platform', { sent: 7, delivered: 3 });
    await store.settleAlarms('second', upTo(2));
    await store.settleAlarms('platform', { sent: 5, delivered: 1 });
    // The platform may confirm before the broker has.
    await store.settleAlarms('second', { sent: 0, delivered: 4 });
    expect(await store.alarmCursor('platform')).toEqual({ sent: 7, delivered: 3 });
    expect(await store.alarmCursor('second')).toEqual({ sent: 4, delivered: 4 });
    expect(store.figures()).toMatchObject({
      backlogAlarms: 7,
      uplinks: [
        { uplink: 'platform', sent: 7, delivered: 3, backlogAlarms: 7 },
        { uplink: 'second', sent: 4, delivered: 4, backlogAlarms: 6 },
      ],
    });
    await store.close();
    const again = await openTestStore(folder);
    await again.useUplinks(['platform']);
    expect(await again.alarmCursor('platform')).toEqual({ sent: 7, delivered: 3 });
    await expect(again.alarmCursor('second')).rejects.toMatchObject({ kind: 'internal' });
  });

  test('begin behind the newest event when they are new, and what one is owed that leaves is logged and audited', async () => {
    const lines: Record<string, unknown>[] = [];
    const folder = temporaryFolder();
    const store = await openStore({ folder, clock: systemClock, log: logInto(lines), limits: { reserveBytes: 0 } });
    await store.useUplinks(['old']);
    await store.commitAlarms(alarmEvents(1, 10, store.id), []);
    await store.settleAlarms('old', { sent: 6, delivered: 4 });
    await store.useUplinks(['new']);
    expect(await store.alarmCursor('new')).toEqual(upTo(10));
    expect(store.figures().backlogAlarms).toBe(0);
    expect(lines).toContainEqual(expect.objectContaining({ uplink: 'old', sent: 6, delivered: 4, owed: 6 }));
    await store.close();
    const again = await openTestStore(folder);
    expect(await again.readAudit({ limit: 10 })).toMatchObject([
      { kind: 'uplink-removed', who: 'gateway', body: expect.stringContaining('"owed":0') },
      { kind: 'uplink-removed', body: '{"uplink":"old","sent":6,"delivered":4,"owed":6}' },
    ]);
  });

  test('of whom nobody is there are owed nothing: events are only kept', async () => {
    const store = await openTestStore(temporaryFolder());
    await store.useUplinks([]);
    await store.commitAlarms(alarmEvents(1, 10, store.id), []);
    expect(store.figures()).toMatchObject({ backlogAlarms: 0, uplinks: [] });
    await store.settleAlarms('platform', upTo(5));
    expect(store.figures().uplinks).toEqual([]);
  });
});

describe('when a database breaks', () => {
  const breakIndex = (path: string) => {
    // A row that the index of the log does not have: the examination finds it, and the tables stay readable.
    askShell(
      path,
      "pragma writable_schema = on; update sqlite_schema set rootpage = (select rootpage from sqlite_schema where name = 'command') where name = 'alarm_log_alarm'",
    );
  };

  /** 30 events; one uplink has delivered 20, the other 10. */
  function fillStore(folder: string): void {
    const file = openTestFile(folder);
    file.commitAlarms([{ events: alarmEvents(1, 30, file.opened().id), states: [] }]);
    file.writeCursors([
      { uplink: 'platform', sent: 25, delivered: 20 },
      { uplink: 'second', sent: 12, delivered: 10 },
    ]);
    const row = { id: 'a', at: 1, kind: 'command', who: 'p', body: '1' };
    file.writeRecords([
      { kind: 'append-audit', row },
      { kind: 'append-audit', row: { ...row, id: 'b' } },
      {
        kind: 'keep-command',
        record: { uplink: 'platform', id: 'c1', receivedAt: 1, expiresAt: 2, reply: 'done' },
      },
    ]);
    file.close();
  }

  test('the uplinks keep their places, and what one of them has not delivered is saved; so are audit and commands', () => {
    const folder = temporaryFolder();
    fillStore(folder);
    breakIndex(join(folder, 'plantroom.db'));
    const file = openTestFile(folder);
    expect(file.opened()).toMatchObject({
      loss: expect.stringContaining('20 alarm events'),
      areCursorsLost: false,
      cursors: [
        { uplink: 'platform', sent: 25, delivered: 20 },
        { uplink: 'second', sent: 12, delivered: 10 },
      ],
    });
    expect(numbersOf(file.alarmsAfter({ after: 0, limit: 100 }))).toEqual(range(11, 30));
    expect(file.figures()?.owed).toEqual([
      { uplink: 'platform', events: 10 },
      { uplink: 'second', events: 20 },
    ]);
    expect(file.auditVerdict()).toMatchObject({ kind: 'whole', entries: 2 });
    expect(file.command({ uplink: 'platform', id: 'c1' })?.reply).toBe('done');
    file.close();
  });

  test.each(['drop table uplink', 'update uplink set delivered = 99, sent = 99', 'update uplink set delivered = -1'])(
    'and the places cannot be right (%s), everything is saved and sent again',
    async sql => {
      const folder = temporaryFolder();
      fillStore(folder);
      const path = join(folder, 'plantroom.db');
      askShell(path, sql);
      breakIndex(path);
      const store = await openTestStore(folder);
      expect(store.setAside).toBeDefined();
      expect(await store.alarmCursor('platform')).toEqual(upTo(0));
      expect(numbersOf(await store.readAlarms('platform', 0, 100))).toEqual(range(1, 30));
      await store.settleAlarms('platform', upTo(30));
      // Only once: whoever comes later is new.
      await store.useUplinks(['platform', 'third']);
      expect(await store.alarmCursor('third')).toEqual(upTo(30));
    },
  );

  test('whose numbers were taken back by the disk, no uplink is ahead of the events', async () => {
    const folder = temporaryFolder();
    fillStore(folder);
    askShell(join(folder, 'plantroom.db'), 'delete from alarm_log where number > 15');
    const store = await openTestStore(folder);
    expect(store.lastEventNumber).toBe(15);
    expect(await store.alarmCursor('platform')).toEqual(upTo(15));
    await store.commitAlarms(alarmEvents(16, 18, store.id), []);
    expect(numbersOf(await store.readAlarms('platform', 15, 10))).toEqual([16, 17, 18]);
    expect(store.figures().backlogAlarms).toBe(3);
  });
});
