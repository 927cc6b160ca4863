import type { Frame } from '../history/frame.ts';
import { createRecorder } from '../history/recorder.ts';
import type { Device } from '../model/device.ts';
import type { SampleBatch } from '../model/point.ts';
import type { ClockDoubt, Moment } from '../model/time.ts';
import type { History } from '../store/history/history.ts';
import { createSummarizer, type DeviceWindow } from '../summary/summarizer.ts';

/** Adds samples up and thins them out, and hands what is complete over to the history. */
export interface HistoryFeed {
  add(batch: SampleBatch): void;
  /** The devices of the site from now on; of those that are gone, what is not complete is handed over. */
  replace(devices: readonly Device[]): void;
  /** Hands over all that is not complete yet. */
  flush(wallMs: number): void;
}

export interface HistoryFeedOptions {
  readonly devices: readonly Device[];
  readonly history: Pick<History, 'append'>;
  readonly doubtOf: (moment: Moment) => ClockDoubt | undefined;
}

const summaryWindowMs = 60_000;

export function createHistoryFeed({ history, doubtOf, ...options }: HistoryFeedOptions): HistoryFeed {
  const summarizer = createSummarizer({ windowMs: summaryWindowMs });
  const recorder = createRecorder();
  let { devices } = options;

  /** Named while the device is in the site: a window may be the last of a device that a reload takes away. */
  function idOf(number: number): string | undefined {
    return devices.find(device => device.number === number)?.id;
  }

  function keepWindow({ device: number, began, ...window }: DeviceWindow): void {
    const device = idOf(number);
    if (device !== undefined) history.append({ frames: [], summaries: [{ ...window, doubt: doubtOf(began), device }] });
  }

  function keepFrame({ device: number, began, ...frame }: Frame): void {
    const device = idOf(number);
    if (device !== undefined) history.append({ frames: [{ ...frame, doubt: doubtOf(began), device }], summaries: [] });
  }

  return {
    add(batch) {
      const window = summarizer.add(batch);
      if (window) keepWindow(window);
      const frame = recorder.add(batch);
      if (frame) keepFrame(frame);
    },
    replace(newDevices) {
      for (const { number } of devices) {
        if (newDevices.some(device => device.number === number)) continue;
        const window = summarizer.forget(number);
        if (window) keepWindow(window);
        const frame = recorder.forget(number);
        if (frame) keepFrame(frame);
      }
      devices = newDevices;
    },
    flush(wallMs) {
      for (const window of summarizer.flush(wallMs)) keepWindow(window);
      for (const frame of recorder.flush()) keepFrame(frame);
    },
  };
}
