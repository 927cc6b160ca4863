import { encodeSummaries } from '../../history/summary-frame.ts';
import { layoutOf } from './layout.ts';
import type { HistoryWork, PackedWork } from './messages.ts';

export function packWork({ frames, summaries }: HistoryWork): PackedWork {
  return {
    frames: frames.map(({ points, ...frame }) => ({ ...frame, layout: layoutOf(points) })),
    windows: summaries.map(({ device, windowStart, windowEnd, points }) => ({
      ...{ device, from: Math.floor(windowStart), to: Math.ceil(windowEnd), samples: 0 },
      ...{ layout: layoutOf(points), body: encodeSummaries(points) },
    })),
  };
}
