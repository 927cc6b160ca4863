import { join } from 'node:path';
import { constantFrom, integer, property, assert as propertyAssert, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { legendOf } from '../../src/cli/demo/legend.ts';
import { type DemoPicture, renderDemo } from '../../src/cli/demo/view.ts';
import { createStyle } from '../../src/cli/render/style.ts';
import { widthOfText } from '../../src/cli/render/text.ts';
import type { WatchPicture } from '../../src/cli/watch-view.ts';
import type { PointView, StatusView, UplinkView } from '../../src/model/view.ts';
import { createPlatform } from '../../src/sim/platform.ts';
import { loadSite } from '../../src/site/site.ts';
import { sampleUplink } from '../api/sample-gateway.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const devices = ['booster', 'tank', 'feeder', 'lift', 'self'];

function pointView(device: string, index: number, alarms: readonly string[] = []): PointView {
  return {
    key: `${device}/p${index}`,
    name: 'Druck 压力',
    device,
    deviceName: device,
    value: index,
    state: null,
    unit: 'bar',
    quality: 'good',
    sampledAt: 0,
    ageMs: 200,
    intervalMs: 1_000,
    alarms,
  };
}

function legendOfFile(name: string) {
  const loaded = loadSite(join(import.meta.dirname, '../../config', name));
  if (loaded.kind !== 'ok') throw new Error(`${name} is wrong`);
  return legendOf(loaded.site);
}

const legend = legendOfFile('demo.yaml');

function picture(pointsEach: number, alarmCount: number, more: Partial<DemoPicture> = {}): DemoPicture {
  const platform = createPlatform(new VirtualClock(), 50);
  for (let number = 0; number < alarmCount; number += 1) {
    const data = {
      alarm: 'booster/p0',
      priority: 'urgent',
      message: 'x'.repeat(200),
      sampledAt: '2026-01-01T00:00:00Z',
    };
    platform.receive('t', Buffer.from(JSON.stringify({ id: `e${number}`, type: 'plantroom.alarm.raised', data })));
  }
  const points = devices.flatMap(device => Array.from({ length: pointsEach }, (_, index) => pointView(device, index)));
  const watch: WatchPicture = {
    points,
    alarms: { standing: [], hidden: [], suppressions: [], deadlines: [], history: [] },
    status: {
      gateway: { id: 'demo', name: 'Demo plant room' },
      points: { total: points.length, good: points.length, bad: 0 },
      uplinks: [sampleUplink({ url: 'mqtt://127.0.0.1:18830', backlogSummaries: 0 })] as readonly UplinkView[],
    } as StatusView,
    trends: new Map(),
    answerAgeMs: 0,
    failure: undefined,
    intervalMs: 500,
    nowMs: 0,
  };
  const story = { kind: 'calm', next: 0, nextMono: 6_000 } as const;
  return { watch, platform, faults: [], story, nowMono: 0, notices: [], legend, ...more };
}

const plain = createStyle(false);

describe('the screen of the demo', () => {
  test('fits every terminal', () => {
    const cases = record({
      columns: integer({ min: 1, max: 220 }),
      rows: integer({ min: 1, max: 80 }),
      points: integer({ min: 1, max: 15 }),
      alarms: integer({ min: 0, max: 30 }),
      isStarting: constantFrom(true, false),
      notices: constantFrom([], ['The gateway was ended by SIGKILL and is started again.']),
    });
    propertyAssert(
      property(cases, ({ columns, rows, points, alarms, isStarting, notices }) => {
        const more = isStarting ? { watch: undefined, notices } : { notices };
        const lines = renderDemo(picture(points, alarms, more), { columns, rows }, plain);
        expect(lines.length).toBeLessThanOrEqual(rows);
        expect(lines.filter(line => widthOfText(line) > columns)).toEqual([]);
      }),
    );
  });

  test('shows values, what arrived and what to try, on the smallest common terminal', () => {
    const text = renderDemo(picture(14, 20), { columns: 80, rows: 24 }, plain).join('\n');
    expect(text).toContain('Received by the platform over MQTT · 20 alarm events');
    expect(text).toContain('npx plantroom sim fault feeder phase-loss --for 20s');
    for (const device of ['booster', 'tank', 'feeder', 'lift']) expect(text).toContain(`${device}/p0`);
  });

  test('shows a point with an alarm even where there is no room for all', () => {
    const base = picture(14, 0);
    const points = base.watch?.points.map(point =>
      point.key === 'lift/p13' || point.key === 'self/p3' ? { ...point, alarms: ['lift/fault'] } : point,
    );
    const watch = base.watch && points ? { ...base.watch, points } : undefined;
    const text = renderDemo({ ...base, watch }, { columns: 80, rows: 24 }, plain).join('\n');
    expect(text).toContain('lift/p13');
    expect(text).toContain('self/p3');
  });

  test('says what to try of the plant that is there', () => {
    const commands = (name: string) => legendOfFile(name).map(([command]) => command);
    expect(commands('demo.yaml')).toContain('npx plantroom ack booster/pipe-burst');
    expect(commands('demo-bacnet.yaml')).toEqual(
      expect.arrayContaining([
        'npx plantroom ack lift-1/alarm-button',
        'npx plantroom sim fault lift-1 silent --for 20s',
      ]),
    );
  });

  test('says what is broken in the plant, and for how long', () => {
    const active = [{ name: 'pipe-burst', leftMs: 4_000 }];
    const faults = [{ device: 'booster', name: 'Booster', active, possible: [] }];
    const text = renderDemo(picture(1, 0, { faults }), { columns: 100, rows: 40 }, plain).join('\n');
    expect(text).toContain('Simulated plant · booster has pipe-burst for 4.0s');
  });

  test('uses no colour where none is wanted', () => {
    const text = renderDemo(picture(3, 3), { columns: 100, rows: 40 }, plain).join('\n');
    expect(text.includes('\x1b')).toBe(false);
  });
});
