import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { DeviceSummary } from '../../../src/history/coarser.ts';
import { createRecorder } from '../../../src/history/recorder.ts';
import type { CountedSummary } from '../../../src/model/summary.ts';
import {
  type History,
  type HistoryOptions,
  type HistoryWork,
  openHistory,
  type RawFrame,
} from '../../../src/store/history/history.ts';
import { HistoryFile, type HistoryFileOptions } from '../../../src/store/history/history-file.ts';
import type { PackedWork } from '../../../src/store/history/messages.ts';
import { packWork } from '../../../src/store/history/packed-work.ts';
import { batch, good, minuteMs, noon, point } from '../../history/samples.ts';

/** Large enough that nothing goes. */
export const ampleBytes = 100_000_000;

/** Takes what the history's face takes. */
export class TestFile extends HistoryFile {
  override write(batch: string, work: HistoryWork | PackedWork): void {
    super.write(batch, 'windows' in work ? work : packWork(work));
  }
}

/** What the worker thread works with, in this thread. */
export function openTestFile(folder: string, parts: Partial<HistoryFileOptions> = {}): TestFile {
  const file = new TestFile({ folder, openedAt: noon, sizeBytes: ampleBytes, uplinks: [], ...parts });
  onTestFinished(() => {
    try {
      file.close();
    } catch {
      // Closed already, or on a disk that is gone.
    }
  });
  return file;
}

export function openTestHistory(folder: string, parts: Partial<HistoryOptions> = {}): History {
  const history = openHistory({
    ...{ folder, sizeBytes: ampleBytes, uplinks: [], clock: systemClock, log: silentLog },
    ...parts,
    limits: { gatherMs: 5, settleMs: 5, ...parts.limits },
  });
  onTestFinished(() => history.close());
  return history;
}

export function counted(value: number, parts: Partial<CountedSummary> = {}): CountedSummary {
  return {
    ...{ point: 'meter/power', unit: 'kW', count: 60, samples: 60, goodShare: 1, delta: undefined, resets: 0 },
    ...{ min: value, max: value, mean: value, last: value },
    ...parts,
  };
}

/** The summary of a minute after noon, which carries its own index as its value. */
export function minuteSummary(index: number, device = 'meter'): DeviceSummary {
  const windowStart = noon + index * minuteMs;
  return { device, windowStart, windowEnd: windowStart + minuteMs, points: [counted(index)] };
}

/** A minute of noisy values that hardly shrink: about `samples` × 9 bytes. */
export function rawFrame(index: number, samples = 60, device = 'meter'): RawFrame {
  const recorder = createRecorder();
  const power = point(0, { key: `${device}/power`, scale: Math.PI });
  for (let sample = 0; sample < samples; sample += 1)
    recorder.add(
      batch(index * minuteMs + Math.floor((sample * minuteMs) / samples), [
        good(power, Math.sin(index * 1_000 + sample)),
      ]),
    );
  const [frame] = recorder.flush();
  if (!frame) throw new Error('the recorder kept nothing');
  const { device: _, ...rest } = frame;
  return { ...rest, device };
}

let batches = 0;

/** Writes minutes one by one, like the gateway does. */
export function writeMinutes(file: TestFile, from: number, to: number, device = 'meter'): void {
  for (let index = from; index <= to; index += 1) {
    batches += 1;
    file.write(`test-${batches}`, { frames: [], summaries: [minuteSummary(index, device)] });
  }
}

export function nextBatch(): string {
  batches += 1;
  return `test-${batches}`;
}
