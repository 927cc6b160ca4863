import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { openHistory } from '../../../src/store/history/history.ts';

/*
 * A process for tests to kill. It writes summaries without end and prints how many there are whenever some were written.
 */
const [, , folder = ''] = process.argv;
const history = openHistory({
  ...{
    folder,
    sizeBytes: 100_000_000,
    uplinks: [{ id: 'platform', span: '1min' }],
    clock: systemClock,
    log: silentLog,
  },
  limits: { gatherMs: 2 },
  onWritten: () => {
    history.lastSummary('1min').then(number => process.stdout.write(`${number}\n`));
  },
});
const power = {
  ...{ point: 'meter/power', unit: 'kW', count: 1, samples: 1, min: 1, max: 1, mean: 1, last: 1, goodShare: 1 },
  ...{ delta: undefined, resets: 0 },
};
let minute = await history.lastSummary('1min');
setInterval(() => {
  const windowStart = minute * 60_000;
  history.append({
    frames: [],
    summaries: [{ device: 'meter', windowStart, windowEnd: windowStart + 60_000, points: [power] }],
  });
  minute += 1;
}, 1);
