import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import { createRecorder } from '../../src/history/recorder.ts';
import type { SampleBatch } from '../../src/model/point.ts';
import { type HistoryWork, openHistory } from '../../src/store/history/history.ts';
import { openHistoryReader } from '../../src/store/history/reader.ts';
import { createSummarizer } from '../../src/summary/summarizer.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { type BenchOptions, type Figure, figure } from './figures.ts';
import { createBenchPlant } from './history-plant.ts';

/*
 * What the history costs: the card by the day at 2,000 points that are read every second, and the processor and the memory
 * at 10,000 points that all change all the time. The plant is made of numbers; recorder, thread and file are the real ones.
 */

const dayMs = 86_400_000;
const minuteMs = 60_000;

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const hours = isQuick ? 1 : 24;
  return [...(await measureDay(hours, say)), ...measureRecorder(isQuick ? 3 : 10, say)];
}

async function measureDay(hours: number, say: (line: string) => void): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-bench-'));
  try {
    const plant = createBenchPlant({ devices: 40, pointsPerDevice: 50, isRestless: false });
    const clock = new VirtualClock();
    const recorder = createRecorder();
    const summarizer = createSummarizer({ windowMs: minuteMs });
    const uplinks = [{ id: 'platform', span: '1min' as const }];
    const history = openHistory({ folder, sizeBytes: 2e9, uplinks, clock, log: silentLog, limits: { hangMs: dayMs } });
    // The clock of the bench runs away from the thread.
    await history.lastSummary('1min');
    const tally = createTally();
    const firstMono = clock.monoMs();
    let samples = 0;
    let bodyBytes = 0;
    let recorderMs = 0;
    const cpuBefore = process.cpuUsage();
    for (let second = 0; second < hours * 3_600; second += 1) {
      const batches = plant.second(clock.monoMs(), clock.wallMs());
      const work: { frames: HistoryWork['frames'][number][]; summaries: HistoryWork['summaries'][number][] } = {
        frames: [],
        summaries: [],
      };
      const startMs = performance.now();
      for (const batch of batches) {
        const frame = recorder.add(batch);
        if (!frame) continue;
        bodyBytes += frame.body.length;
        work.frames.push({ ...frame, device: `meter-${frame.device}` });
      }
      recorderMs += performance.now() - startMs;
      for (const batch of batches) {
        tally.add(batch);
        samples += batch.samples.length;
        const window = summarizer.add(batch);
        if (window) work.summaries.push({ ...window, device: `meter-${window.device}` });
      }
      if (work.frames.length + work.summaries.length > 0) history.append(work);
      await clock.advance(1_000);
      if (second % 60 === 30) await sendAll(history);
      if (second % 3_600 === 3_599) say(`hour ${(second + 1) / 3_600} of ${hours}`);
    }
    history.append({
      frames: recorder.flush().map(frame => ({ ...frame, device: `meter-${frame.device}` })),
      summaries: [],
    });
    await clock.advance(10_000);
    await history.lastSummary('1min');
    execFileSync('sync');
    const cpu = process.cpuUsage(cpuBefore);
    await history.lastSummary('1min');
    const { writtenBytes = Number.NaN, sizeBytes, classes } = history.figures();
    const simulatedMs = clock.monoMs() - firstMono;
    const closing = history.close();
    for (let step = 0; step < 10; step += 1) await clock.advance(100);
    await closing;
    const wrong = tally.compare(folder);
    const perDay = dayMs / simulatedMs;
    return [
      figure('bytes written to the disk in a day', writtenBytes * perDay, 'B', '<= 1e9'),
      figure('of them raw history, as stored', classes.raw.bytes * perDay, 'B'),
      figure('of them summaries of a minute, as stored', classes['1min'].bytes * perDay, 'B'),
      figure('samples kept of those taken', tally.kept / samples, ''),
      figure('a kept sample before packing', bodyBytes / tally.kept, 'B'),
      figure('a kept sample in the file', classes.raw.bytes / tally.kept, 'B'),
      figure('what the file takes of what is reckoned', sizeBytes / sum(classes), ''),
      figure('recorder, each sample', (recorderMs * 1e6) / samples, 'ns'),
      figure('processor for all of it, plant included, of one core', (cpu.user + cpu.system) / 1_000 / simulatedMs, ''),
      figure('kept samples that came back otherwise', wrong, '', '= 0'),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sum(classes: Readonly<Record<string, { readonly bytes: number }>>): number {
  return Object.values(classes).reduce((total, { bytes }) => total + bytes, 0);
}

/** What an uplink on a good line does once a minute. */
async function sendAll(history: ReturnType<typeof openHistory>): Promise<void> {
  const rows = await history.readSummaries('platform', { span: '1min', after: 0, upTo: 1e15, limit: 1_000 });
  await history.settleSummaries(
    'platform',
    '1min',
    rows.map(({ number }) => number),
  );
}

/** Keeps by exception what it can check later, with nothing but lists: how often each point, and the sums of times and values. */
function createTally() {
  const points = new Map<string, { value: number; mono: number; kept: number; times: number; values: number }>();
  let kept = 0;
  return {
    get kept() {
      return kept;
    },
    add(batch: SampleBatch): void {
      for (const { point, value } of batch.samples) {
        let known = points.get(point.key);
        if (known && known.value === value && batch.sampledAtMono - known.mono < 300_000) continue;
        known ??= { value, mono: 0, kept: 0, times: 0, values: 0 };
        points.set(point.key, known);
        known.value = value;
        known.mono = batch.sampledAtMono;
        known.kept += 1;
        known.times += Math.round(batch.sampledAt) % 1e9;
        known.values += value * (known.kept % 7);
        kept += 1;
      }
    },
    /** How many samples of the file are too many, too few or of points whose sums differ. */
    compare(folder: string): number {
      const reader = openHistoryReader(folder);
      const found = new Map<string, { kept: number; times: number; values: number }>();
      for (let after: number | undefined = 0; after !== undefined; ) {
        const page = reader.raw({ points: undefined, from: 0, to: 1e15, after, limit: 200 });
        for (const { point, at, value = Number.NaN } of page.samples) {
          const sums = found.get(point) ?? { kept: 0, times: 0, values: 0 };
          found.set(point, sums);
          sums.kept += 1;
          sums.times += at % 1e9;
          sums.values += value * (sums.kept % 7);
        }
        after = page.next;
      }
      reader.close();
      let wrong = 0;
      for (const [key, { kept: expected, times, values }] of points) {
        const sums = found.get(key);
        if (sums?.kept !== expected || sums.times !== times || sums.values !== values) wrong += expected;
      }
      return wrong;
    },
  };
}

function measureRecorder(minutes: number, say: (line: string) => void): Figure[] {
  say('10,000 points that all change');
  const plant = createBenchPlant({ devices: 200, pointsPerDevice: 50, isRestless: true });
  const recorder = createRecorder();
  const wall = Date.UTC(2026, 0, 1);
  let bodyBytes = 0;
  let recorderMs = 0;
  let longestMs = 0;
  globalThis.gc?.();
  const before = process.memoryUsage();
  let held = 0;
  for (let second = 0; second < minutes * 60; second += 1) {
    const batches = plant.second(second * 1_000, wall + second * 1_000);
    const startMs = performance.now();
    for (const batch of batches) bodyBytes += recorder.add(batch)?.body.length ?? 0;
    const tookMs = performance.now() - startMs;
    recorderMs += tookMs;
    longestMs = Math.max(longestMs, tookMs);
    if (second % 60 !== 59) continue;
    globalThis.gc?.();
    const now = process.memoryUsage();
    held = Math.max(held, now.heapUsed + now.arrayBuffers - before.heapUsed - before.arrayBuffers);
  }
  const samples = minutes * 60 * 10_000;
  return [
    figure('10,000 points, all changing: recorder, of one core', recorderMs / (minutes * minuteMs), '', '<= 0.03'),
    figure('longest second of it', longestMs, 'ms'),
    figure('a sample', bodyBytes / samples, 'B'),
    figure('memory held by the recorder', held / 1e6, 'MB', '<= 8'),
  ];
}
