import { type BenchOptions, type Figure, figure } from './figures.ts';
import { readFailure, secondaries, startMainsPlant } from './mains-failure.ts';

/*
 * A mains failure with a thousand alarms within a second, through the real daemon: from the moment at which the motors stop
 * to the last event that is stored. Half a second of it is the interval at which the motors are read.
 */

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  const runs = isQuick ? 1 : 5;
  const storedMs: number[] = [];
  const figures: Figure[] = [];
  for (let run = 0; run < runs; run += 1) {
    say(`run ${run + 1} of ${runs}`);
    await using plant = await startMainsPlant();
    const { daemon } = plant;
    await pause(3_000);
    const failedMono = await plant.fail();
    // The events of the flood itself and of the mains come on top.
    while (Number(daemon.query('SELECT count(*) FROM alarm_log')) < secondaries + 2) await pause(20);
    storedMs.push(performance.now() - failedMono);
    const stored = readFailure(daemon);
    const { latency } = await daemon.client.status();
    figures.push(
      figure(`run ${run + 1}: alarms raised`, stored.raised, '', `= ${secondaries + 1}`),
      figure('urgent ones', stored.urgent, '', '= 1'),
      figure('marked with the first', stored.marked, '', `= ${secondaries}`),
      figure('events out of order', stored.outOfOrder, '', '= 0'),
      figure('detected → committed, p99', latency.detectedToCommitted.p99, 'ms'),
      figure('lateness of reads, p99', latency.lateness.p99, 'ms'),
    );
  }
  return [...figures, figure('all stored after, the longest', Math.max(...storedMs), 'ms', '<= 2000')];
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
