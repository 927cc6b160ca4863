/** What is shown where there is no value. */
export const noValue = '–';

/**
 * Decimals that a plant value deserves: about four digits, none for a whole number. Give the decimals of a whole series
 * to formatNumber and its values stay aligned while they move.
 */
export function decimalsOf(value: number): number {
  // Scaled registers are never quite whole: 1200 × 0.1 is 120.00000000000001.
  if (!Number.isFinite(value) || Math.abs(value - Math.round(value)) <= 1e-9 * Math.abs(value)) return 0;
  const size = Math.abs(value);
  if (size >= 1_000) return 0;
  if (size >= 100) return 1;
  if (size >= 1) return 2;
  return size < smallest ? 0 : 2 - Math.floor(Math.log10(size));
}

/** Below this, digits after the point mislead. */
const smallest = 1e-3;

/** A value for a person: plain digits, no grouping, an exponent only where digits would mislead. */
export function formatNumber(value: number, decimals: number = decimalsOf(value)): string {
  if (!Number.isFinite(value)) return noValue;
  const size = Math.abs(value);
  if (size >= 1e12) return value.toExponential(3);
  // A small value must not be shown as zero: zero means something in a plant.
  if (size > 0 && size < smallest) return value.toExponential(1);
  return (value === 0 ? 0 : value).toFixed(decimals);
}

/** 512 B, 1.4 MB: powers of 1000, as disks are sold. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 1_000) return `${value < 10 && unit !== 'B' ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1_000;
  }
  return `${value.toFixed(1)} TB`;
}

/** 0.034 → 3.4 %. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** A latency: 0.04 ms, 3.2 ms, 120 ms, 4.1 s. */
export function formatLatency(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return `${ms.toFixed(ms < 1 ? 2 : 1)} ms`;
}
