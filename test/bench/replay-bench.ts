import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadedHistory } from '../../src/cli/replay/history-thread.ts';
import { createRecorder } from '../../src/history/recorder.ts';
import type { LimitRule, Rule } from '../../src/model/alarm.ts';
import { plainLife } from '../../src/model/alarm.ts';
import type { Point } from '../../src/model/point.ts';
import { createReplay, siteOfRules } from '../../src/replay/replay.ts';
import { HistoryFile } from '../../src/store/history/history-file.ts';
import { packWork } from '../../src/store/history/packed-work.ts';
import { type BenchOptions, type Figure, figure } from './figures.ts';
import { createBenchPlant } from './history-plant.ts';

/*
 * A day of 2,000 points that are read every second: recorded as the gateway does it, then replayed from the file with a
 * limit rule with deadband and delays on each point. Recording is not part of what is measured.
 */

const hourMs = 3_600_000;
const minuteMs = 60_000;
const startAt = Date.UTC(2026, 0, 1);

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const hours = isQuick ? 2 : 24;
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-bench-'));
  try {
    const { points, kept } = recordDay(folder, hours, say);
    say('replays');
    const { samples, turns, seconds, cpuSeconds, growthMb } = await replayDay(folder, points, hours);
    const expected = points.length * hours * 3_600;
    return [
      figure('a day of 2,000 points at 1 s, replayed', (seconds * 24) / hours, 's', '<= 30'),
      figure('the same by processor time', (cpuSeconds * 24) / hours, 's'),
      figure('load of the machine meanwhile, average of a minute', loadavg()[0] ?? 0, ''),
      figure('samples replayed', samples / seconds / 1e6, 'M/s'),
      figure('samples that came back of those taken', samples / expected, '', '>= 0.999'),
      figure('of them recorded', kept / expected, ''),
      figure('alarms that would have come, and returned', turns, ''),
      figure('memory beside it', growthMb, 'MB', '<= 200'),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function recordDay(
  folder: string,
  hours: number,
  say: (line: string) => void,
): { points: readonly Point[]; kept: number } {
  const plant = createBenchPlant({ devices: 40, pointsPerDevice: 50, isRestless: false });
  const recorder = createRecorder();
  const file = new HistoryFile({ folder, openedAt: startAt, sizeBytes: 4e9, uplinks: [] });
  let kept = 0;
  let batchNumber = 0;
  const keep = (frames: readonly ReturnType<typeof recorder.add>[]) => {
    const named = frames.flatMap(frame => (frame ? [{ ...frame, device: `meter-${frame.device}` }] : []));
    if (named.length === 0) return;
    batchNumber += 1;
    for (const { samples } of named) kept += samples;
    file.write(`bench-${batchNumber}`, packWork({ frames: named, summaries: [] }));
  };
  for (let second = 0; second < hours * 3_600; second += 1) {
    keep(plant.second(second * 1_000, startAt + second * 1_000).map(batch => recorder.add(batch)));
    if (second % 3_600 === 3_599) say(`recorded hour ${(second + 1) / 3_600} of ${hours}`);
  }
  keep(recorder.flush());
  file.close();
  return { points: plant.points, kept };
}

async function replayDay(folder: string, points: readonly Point[], hours: number) {
  const to = startAt + hours * hourMs;
  const source = threadedHistory(folder, points, { fromOf: () => startAt, to });
  const replay = createReplay({
    points: points.map(point => ({ point, holdMs: 5 * minuteMs })),
    site: siteOfRules(points.map(ruleOn)),
    countFrom: startAt,
  });
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  for await (const { minutes } of source.steps()) {
    for (const minute of minutes) replay.play(minute);
    most = Math.max(most, process.memoryUsage().rss);
  }
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - started) / 1_000;
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const turns = replay.occurrences(startAt, to).length;
  if (turns === 0) throw new Error('the replay raised nothing: this measures something else');
  return { samples: replay.samples, turns, seconds, cpuSeconds, growthMb: (most - before) / 1e6 };
}

/** Above what the point mostly has, so that most evaluations change nothing, as in a plant. */
function ruleOn(point: Point): Rule {
  const limits: Readonly<Record<string, number>> = { '°C': 22.5, m: 2.2, bar: 4.54, V: 230.9, kW: 12.35, kWh: 1e9 };
  const rule: LimitRule = {
    ...{ kind: 'limit', key: `${point.key}-high`, device: point.device, point: point.number, level: 'high' },
    ...{
      limit: limits[point.unit] ?? 0.5,
      deadband: point.unit === 'V' ? 0.5 : 0.02,
      onDelayMs: 3_000,
      offDelayMs: 2_000,
    },
    ...{ priority: 'medium', message: '', life: plainLife },
  };
  return rule;
}
