import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderHidden, renderHistory, renderStanding, renderSuppressions } from '../../src/cli/alarms.ts';
import { createStyle } from '../../src/cli/render/style.ts';
import { widthOfText } from '../../src/cli/render/text.ts';
import { describeUplink, renderStatus } from '../../src/cli/status.ts';
import { extendTrends, renderWatch, trendLength, type WatchPicture } from '../../src/cli/watch-view.ts';
import { noMasks } from '../../src/model/alarm.ts';
import type { UplinkView } from '../../src/model/view.ts';
import {
  sampleAlarm,
  sampleEvent,
  sampleHistory,
  sampleOutputs,
  samplePoint,
  samplePoints,
  sampleStatus,
  sampleUplink,
  sampleWallMs,
} from '../api/sample-gateway.ts';
import { root } from './terminal.ts';

const plain = createStyle(false);

function golden(name: string): string {
  return join(root, 'test/fixtures/cli', name);
}

/** Wall times are shown in the zone of the machine: the golden files are written in UTC. */
process.env.TZ = 'UTC';

describe('the alarms', () => {
  test('stand the most urgent first, then the newest', async () => {
    const standing = [
      sampleAlarm({ alarm: 'a/low', priority: 'low', message: 'Strainer is dirty' }),
      sampleAlarm({ alarm: 'b/high-old', raisedAt: sampleWallMs - 86_400_000 }),
      sampleAlarm({ alarm: 'c/urgent', priority: 'urgent', message: '消防水池液位过低' }),
      sampleAlarm({ alarm: 'b/high-new' }),
      sampleAlarm({ alarm: 'd/medium', priority: 'medium' }),
    ];
    const text = renderStanding({ standing, deadlines: [] }, sampleWallMs, 100, plain).join('\n');
    await expect(`${text}\n`).toMatchFileSnapshot(golden('alarms.txt'));
  });

  test('that are hidden say by whom, until when and why', async () => {
    const by = { who: 'Li Wei', from: 'cli' };
    const stamp = { clock: 'synchronised', bootId: 'boot', bootMs: 1_000 } as const;
    const expiry = { since: sampleWallMs, lastsMs: 8 * 3_600_000, stamp };
    const shelved = { by, reason: 'float switch sticks', expiry };
    const suppressed = { by: { who: 'gateway', from: 'gateway' }, reason: 'pump-off', expiry: undefined };
    const hidden = [
      sampleAlarm({ alarm: 'sump/level-high', phase: 'shelved', masks: { ...noMasks, shelved } }),
      sampleAlarm({
        alarm: 'pump/flow-low',
        phase: 'suppressed',
        isActive: false,
        masks: { ...noMasks, shelved, suppressed },
      }),
    ];
    const text = renderHidden(hidden, 100, plain).join('\n');
    await expect(`${text}\n`).toMatchFileSnapshot(golden('alarms-hidden.txt'));
  });

  test('that are no alarms by design are told by their suppressions, Chinese names in line', async () => {
    const rows = [
      { id: '消防泵停', name: '消防泵已停运', since: sampleWallMs - 600_000, hides: 12, standing: 2 },
      { id: 'pump-off', name: 'The pump is off', since: sampleWallMs - 90_000_000, hides: 1, standing: 0 },
      { id: 'dead', name: 'dead', since: sampleWallMs - 95_000, hides: 3, standing: 0 },
    ];
    const lines = renderSuppressions(rows, sampleWallMs, 80, plain);
    expect(lines.map(line => widthOfText(line.slice(0, line.search(/2026|SINCE/))))).toEqual([13, 13, 13, 13]);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(golden('alarms-suppressions.txt'));
    const [shown] =
      renderStatus(sampleStatus({ suppressions: rows }), 100, plain)
        .join('\n')
        .match(/suppressed[\s\S]*?store/) ?? [];
    expect(shown).toMatch(
      /suppressed +消防泵停 since 2026-01-31 13:55:09 hides 12 alarms, 2 of them stand\n +pump-off since/,
    );
  });

  test('that do not stand are said to be none', () => {
    expect(renderStanding({ standing: [], deadlines: [] }, sampleWallMs, 80, plain)).toEqual(['No alarm stands.']);
    expect(
      renderHistory({ standing: [], hidden: [], suppressions: [], deadlines: [], history: [] }, 80, plain),
    ).toEqual(['No alarm event is stored yet.']);
  });

  test('tell what is due next or overdue, and what came first of a group', () => {
    const first = { ...sampleAlarm(), alarm: 'mains/dead', occurrence: 'e-1', message: 'The mains are dead' };
    const second = {
      ...sampleAlarm(),
      alarm: 'pump/trip',
      occurrence: 'e-2',
      firstOut: 'e-1',
      message: 'Pump tripped',
    };
    const deadlines = [
      { alarm: 'mains/dead', deadline: 'arrive', leftMs: 660_000 },
      { alarm: 'mains/dead', deadline: 'acknowledge', leftMs: -240_000 },
      { alarm: 'pump/trip', deadline: 'restore', leftMs: 3_000_000 },
    ] as const;
    const text = renderStanding({ standing: [first, second], deadlines }, sampleWallMs, 160, plain).join('\n');
    expect(text).toMatch(/DUE/);
    expect(text).toMatch(/mains\/dead .*4m overdue: acknowledge .*The mains are dead$/m);
    expect(text).toMatch(/pump\/trip .*in 50m: restore .*Pump tripped \(after mains\/dead\)$/m);
  });

  test('tell what is due, and what it is about, also on a narrow terminal', () => {
    const alarm = { ...sampleAlarm(), alarm: 'mains-incomer/dead', message: 'The mains are dead' };
    const deadlines = [{ alarm: alarm.alarm, deadline: 'acknowledge', leftMs: -3_660_000 }] as const;
    const [title, row] = renderStanding({ standing: [alarm], deadlines }, sampleWallMs, 60, plain);
    expect(title).toMatch(/PRIORITY +ALARM +FOR +DUE +MESSAGE/);
    expect(row).toMatch(/overdue.* The mains/);
  });

  test('have a history that says of what the gateway did by itself what it is about, and why', () => {
    const by = { who: 'gateway', from: 'gateway' };
    const parts = { message: 'The mains are dead', value: undefined, by };
    const history = [
      sampleEvent({ ...parts, kind: 'overdue', overdue: 'arrive', overdueMs: 7_200_000 }),
      sampleEvent({ ...parts, kind: 'overdue', overdue: 'acknowledge', overdueMs: 3 }),
      sampleEvent({ ...parts, kind: 'unshelved', reason: 'its time is over' }),
      sampleEvent({ ...parts, kind: 're-alarmed' }),
      sampleEvent({ ...parts, kind: 'hidden-raised', reason: 'pump-off', by: undefined }),
      sampleEvent({ ...parts, kind: 'suppression-began', rule: 'suppression', reason: 'pump-off', by: undefined }),
    ];
    const view = { standing: [], hidden: [], suppressions: [], deadlines: [], history };
    const messages = renderHistory(view, 200, plain)
      .slice(1)
      .map(line => line.replace(/^.*pressure-low +/, ''));
    expect(messages).toEqual([
      'arrive overdue by 2h: The mains are dead',
      'acknowledge overdue: The mains are dead',
      'its time is over: The mains are dead',
      'The mains are dead',
      'pump-off: The mains are dead',
      'The mains are dead',
    ]);
    const [title] = renderHistory({ ...view, history: [sampleEvent()] }, 60, plain);
    expect(title).toMatch(/TIME +EVENT +ALARM +MESSAGE/);
  });

  test('have a history with the value that decided', async () => {
    const history = [
      sampleEvent({
        number: 16,
        kind: 'acknowledged',
        value: undefined,
        by: { who: 'Li Wei', from: 'cli' },
        reason: 'on my way',
      }),
      sampleEvent({ number: 15, kind: 'removed', value: undefined }),
      sampleEvent({ number: 14, kind: 'returned', value: 2.2 }),
      sampleEvent({ number: 13, alarm: 'lift/fault', priority: 'urgent', value: 3, state: 'door fault', unit: '' }),
      sampleEvent(),
    ];
    const text = renderHistory({ standing: [], hidden: [], suppressions: [], deadlines: [], history }, 100, plain).join(
      '\n',
    );
    await expect(`${text}\n`).toMatchFileSnapshot(golden('alarms-history.txt'));
  });
});

describe('the uplink', () => {
  const lines = (uplinks: readonly UplinkView[]) =>
    renderStatus(sampleStatus({ uplinks }), undefined, plain).slice(0, 20).join('\n');

  test.each([
    [{}, 'connected to mqtt://broker:1883, backlog 0 alarms, 3 summaries'],
    [
      { state: 'waiting' as const, lastFailure: 'refused', backlogAlarms: 1, droppedSummaries: 9 },
      'waiting, mqtt://broker:1883 (refused), backlog 1 alarm, 3 summaries, 9 dropped',
    ],
    [
      { lastFailure: 'nobody subscribes', unconfirmed: 4 },
      'connected to mqtt://broker:1883 (nobody subscribes), backlog 0 alarms, 3 summaries, 4 unconfirmed',
    ],
  ])('%#: is described in one line', (changes, text) => {
    expect(describeUplink(sampleUplink(changes))).toBe(text);
  });

  test('that is not in the site file is off, and of several each has its name', () => {
    expect(lines([])).toMatch(/uplink +off/);
    const several = lines([sampleUplink(), sampleUplink({ id: 'scada', url: 'mqtts://scada:8883' })]);
    expect(several).toMatch(/uplink +platform: connected to mqtt:\/\/broker:1883/);
    expect(several).toMatch(/^ +scada: connected to mqtts:\/\/scada:8883/m);
  });
});

test('a gateway in trouble says so in every line of its status', async () => {
  const status = sampleStatus({
    gateway: { id: 'g1', name: 'g1' },
    store: {
      ...sampleStatus().store,
      ...{ path: '/d/p.db', state: 'set-aside', setAside: '/d/p.db.broken-1', sizeBytes: 0, lastEventNumber: 0 },
      ...{ writtenBytes: 1_200_000, writtenPerDayBytes: null },
    },
    history: sampleHistory({
      state: 'shedding',
      setAside: '/d/history.broken-1.db',
      classes: { ...sampleHistory().classes, raw: { sizeBytes: 8_000, oldestAt: sampleWallMs, shed: 1_204 } },
      droppedSamples: 90,
    }),
    uplinks: [sampleUplink({ state: 'waiting', lastFailure: 'the broker refuses the password' })],
    outputs: sampleOutputs().map(output => ({ ...output, health: 'failing', lastFailure: 'the pin stays low' })),
  });
  const text = renderStatus(status, 100, plain).join('\n');
  await expect(`${text}\n`).toMatchFileSnapshot(golden('status-trouble.txt'));
});

function pictureOf(changes: Partial<WatchPicture> = {}): WatchPicture {
  const points = samplePoints();
  let trends = extendTrends(new Map(), points);
  for (let index = 0; index < 30; index += 1) {
    const pressure = samplePoint({ value: 5 + Math.sin(index / 3) });
    trends = extendTrends(trends, [pressure, ...points.slice(1)]);
  }
  return {
    points,
    alarms: { standing: [sampleAlarm()], hidden: [], suppressions: [], deadlines: [], history: [] },
    status: sampleStatus(),
    trends,
    answerAgeMs: 0,
    failure: undefined,
    intervalMs: 1_000,
    nowMs: sampleWallMs,
    ...changes,
  };
}

describe('the live view', () => {
  test.each([
    ['watch', pictureOf(), { columns: 110, rows: 14 }],
    ['watch-80-columns', pictureOf(), { columns: 80, rows: 14 }],
    [
      'watch-no-answer',
      pictureOf({ answerAgeMs: 5_200, failure: 'no daemon answers on /p.sock' }),
      { columns: 110, rows: 14 },
    ],
    ['watch-pipe', pictureOf(), undefined],
    [
      'watch-nothing',
      pictureOf({ points: [], alarms: { standing: [], hidden: [], suppressions: [], deadlines: [], history: [] } }),
      { columns: 80, rows: 12 },
    ],
  ])('looks like test/fixtures/cli/%s.txt', async (name, picture, size) => {
    await expect(`${renderWatch(picture, size, plain).join('\n')}\n`).toMatchFileSnapshot(golden(`${name}.txt`));
  });

  test('says how many points there was no room for, and shows those with an alarm first', async () => {
    const others = Array.from({ length: 30 }, (_, index) => samplePoint({ key: `tank/level-${index}`, value: index }));
    const standing = Array.from({ length: 5 }, (_, index) => sampleAlarm({ alarm: `tank/a${index}` }));
    const points = [...others, samplePoint({ key: 'zone/last', alarms: ['zone/fire'] })];
    const picture = pictureOf({
      points,
      alarms: {
        standing: [...standing, sampleAlarm({ alarm: 'zone/fire' })],
        hidden: [],
        suppressions: [],
        deadlines: [],
        history: [],
      },
    });
    const lines = renderWatch(picture, { columns: 90, rows: 20 }, plain);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(golden('watch-too-many.txt'));
    expect(lines[3]).toContain('zone/last');
  });

  test('fits any terminal, with its status line at the bottom', () => {
    const key = fc.string({ unit: fc.constantFrom('a', '水', '/', '💧'), minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 40 }),
        fc.integer({ min: 1, max: 140 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (keys, columns, rows, isColoured) => {
          const points = keys.map((name, index) => samplePoint({ key: `${index}${name}` }));
          const lines = renderWatch(pictureOf({ points }), { columns, rows }, createStyle(isColoured));
          expect(lines.length).toBe(rows);
          for (const line of lines) expect(widthOfText(line)).toBeLessThanOrEqual(columns);
          expect(stripVTControlCharacters(lines.at(-1) ?? '')).toMatch(/^(1 alarm|.{0,7}…)/);
        },
      ),
    );
  });

  test('remembers the last forty values, gaps for bad ones and for silence, and forgets points that are gone', () => {
    let trends = extendTrends(new Map(), [samplePoint({ key: 'a' }), samplePoint({ key: 'b' })]);
    for (let value = 0; value < 60; value += 1) trends = extendTrends(trends, [samplePoint({ key: 'a', value })]);
    expect([...trends.keys()]).toEqual(['a']);
    expect(trends.get('a')).toEqual(Array.from({ length: trendLength }, (_, index) => index + 20));
    trends = extendTrends(trends, [samplePoint({ key: 'a', value: 7, quality: 'timeout' })]);
    trends = extendTrends(trends, undefined);
    expect(trends.get('a')?.slice(-3)).toEqual([59, undefined, undefined]);
  });

  test('makes values older while nobody answers', () => {
    const fresh = renderWatch(pictureOf(), undefined, plain);
    const old = renderWatch(pictureOf({ answerAgeMs: 60_000, failure: 'gone' }), undefined, plain);
    expect(fresh.join('\n')).toContain('340ms');
    expect(old.join('\n')).not.toContain('340ms');
    expect(old.at(-1)).toBe('no answer since 60s: these values are old · gone');
  });
});

test('what is written to the disk in a day is told once it can be known', () => {
  const writes = (writtenBytes: number | null, writtenPerDayBytes: number | null) => {
    const store = { ...sampleStatus().store, writtenBytes, writtenPerDayBytes };
    return renderStatus(sampleStatus({ store }), undefined, plain).find(line => line.includes('writes'));
  };
  expect(writes(18_200_000, 209_664_000)).toMatch(/ writes 210 MB a day$/);
  expect(writes(1_400_000, null)).toMatch(/ writes 1\.4 MB so far, too early to tell how much in a day$/);
  expect(writes(null, null)).toMatch(/ writes: the system does not tell$/);
});

test('status shows what drivers have to say of their devices, and nothing where they say nothing', () => {
  const quiet = sampleStatus({});
  expect(renderStatus(quiet, 120, plain).join('\n')).not.toContain('NOTE');
  const [first, ...others] = quiet.devices;
  if (!first) throw new Error('no device');
  const notes = ['found at 10.0.0.5:47808', 'tells changes of 3 of 4 values'];
  const text = renderStatus({ ...quiet, devices: [{ ...first, notes }, ...others] }, 120, plain).join('\n');
  expect(text).toMatch(/^DEVICE +NOTE\nbooster +found at 10\.0\.0\.5:47808\n +tells changes of 3 of 4 values$/m);
});
