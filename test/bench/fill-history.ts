import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { shareStore } from '../../src/live/store-shares.ts';
import type { CountedSummary } from '../../src/model/summary.ts';
import { openHistory } from '../../src/store/history/history.ts';

/*
 * Writes the minutes of an outage into the history of a gateway that is off: as many devices with as many points as asked,
 * with values as meters have them. Tells how many summaries of points it wrote, and the size of the file.
 */

const [folder = '', minutes = 0, devices = 0, points = 0] = process.argv
  .slice(2)
  .map((text, at) => (at > 0 ? Number(text) : text)) as [string, number, number, number];
const minuteMs = 60_000;
const firstAt = Math.floor(Date.now() / minuteMs) * minuteMs - minutes * minuteMs;
const random = seededRandom(1);
const uplinks = [{ id: 'platform', span: '1min' as const }];
const history = openHistory({
  folder,
  sizeBytes: shareStore(2e9).historyBytes,
  uplinks,
  clock: systemClock,
  log: silentLog,
  limits: { gatherMs: 0 },
});
await history.lastSummary('1min');
for (let minute = 0; minute < minutes; minute += 1) {
  const windowStart = firstAt + minute * minuteMs;
  const summaries = Array.from({ length: devices }, (_, device) => ({
    device: `meter-${device}`,
    windowStart,
    windowEnd: windowStart + minuteMs,
    points: Array.from({ length: points }, (_, point) => summaryOf(`meter-${device}/p${point}`)),
  }));
  history.append({ frames: [], summaries });
  // What it keeps in memory for the disk is bounded.
  while (history.figures().waitingBytes > 2_000_000) await new Promise(resolve => setTimeout(resolve, 2));
}
await history.close();
const { classes, droppedSummaries } = history.figures();
process.stdout.write(
  `${JSON.stringify({ written: minutes * devices * points, bytes: classes['1min'].bytes, droppedSummaries })}\n`,
);
process.exit(0);

function summaryOf(point: string): CountedSummary {
  const mean = Math.round(random.next() * 4_000) / 10;
  const spread = Math.round(random.next() * 30) / 10;
  const level = { count: 60, min: mean - spread, max: mean + spread, mean: mean + random.next() / 100, last: mean };
  return { point, unit: 'V', ...level, goodShare: 1, delta: undefined, resets: 0, samples: 60 };
}
