/** The share of time in which a bus was taken, over the last one to two windows. */
export interface BusyMeter {
  add(fromMono: number, toMono: number): void;
  /** 0 to 1. */
  share(nowMono: number): number;
}

const windowMs = 30_000;

export function createBusyMeter(startMono: number): BusyMeter {
  let windowStart = startMono;
  let busyMs = 0;
  let lastBusyMs = 0;
  let lastWindowMs = 0;

  const roll = (nowMono: number) => {
    const elapsedMs = nowMono - windowStart;
    if (elapsedMs < windowMs) return;
    lastBusyMs = busyMs;
    lastWindowMs = elapsedMs;
    busyMs = 0;
    windowStart = nowMono;
  };

  return {
    add(fromMono, toMono) {
      busyMs += toMono - fromMono;
      roll(toMono);
    },
    share(nowMono) {
      roll(nowMono);
      const totalMs = lastWindowMs + (nowMono - windowStart);
      return totalMs > 0 ? Math.min(1, (lastBusyMs + busyMs) / totalMs) : 0;
    },
  };
}
