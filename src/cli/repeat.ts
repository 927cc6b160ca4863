import type { Clock } from '../base/clock.ts';

/** Does something at every interval until the signal comes; one at a time, and none to make up for a slow one. */
export async function repeat<Taken>(
  clock: Clock,
  intervalMs: number,
  signal: AbortSignal,
  take: () => Promise<Taken>,
  onTaken: (taken: Taken) => void,
): Promise<void> {
  const stopped = Symbol();
  const aborted = new Promise<typeof stopped>(resolve => signal.addEventListener('abort', () => resolve(stopped)));
  let dueMono = clock.monoMs();
  while (!signal.aborted) {
    const taken = await Promise.race([take(), aborted]);
    if (taken === stopped) return;
    onTaken(taken as Taken);
    dueMono = Math.max(dueMono + intervalMs, clock.monoMs());
    await clock.sleep(dueMono - clock.monoMs(), signal).catch(() => {});
  }
}
