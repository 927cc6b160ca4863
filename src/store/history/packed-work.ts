import { encodeSummaries } from '../../history/summary-frame.ts';
import { layoutOf } from './layout.ts';
import type { HistoryWork, PackedWork } from './messages.ts';

export function packWork({ frames, summaries }: HistoryWork): PackedWork {
  return {
    frames: frames.map(({ points, doubt, ...frame }) => ({ ...frame, doubt, layout: layoutOf(points) })),
    windows: summaries.map(({ device, windowStart, windowEnd, points, doubt }) => ({
      ...{ device, from: Math.floor(windowStart), to: Math.ceil(windowEnd), samples: 0 },
      ...{ layout: layoutOf(points), body: encodeSummaries(points), doubt },
    })),
  };
}
