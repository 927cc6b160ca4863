const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Offsets from UTC change at such times only, anywhere on earth. */
const stepMs = 15 * minuteMs;

const digits = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;

/**
 * Tells the ms since midnight that the clock on the wall shows in a time zone (IANA; that of the machine when undefined).
 * The zone is asked once for each quarter of an hour, since that takes as long as judging a hundred samples.
 */
export function createTimeOfDay(timeZone: string | undefined): (wallMs: number) => number {
  // Few sites need it, and it takes memory.
  let format: Intl.DateTimeFormat | undefined;
  let step = Number.NaN;
  /** Time of day when the step began. */
  let begunMs = 0;

  function shownMs(wallMs: number): number {
    format ??= new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...digits });
    const parts = new Map(format.formatToParts(wallMs).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    return part('hour') * hourMs + part('minute') * minuteMs + part('second') * 1_000;
  }

  return wallMs => {
    const at = Math.floor(wallMs / stepMs);
    if (at !== step) {
      step = at;
      begunMs = shownMs(at * stepMs);
    }
    return (begunMs + wallMs - at * stepMs) % dayMs;
  };
}
