/** Numbers as a person would write them. */

/** The largest of 1, 2 and 5 times a power of ten that is not above a size. */
export function stepBelow(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const digit = [5, 2, 1].find(one => one * power <= size * (1 + 1e-9)) ?? 1;
  return clean(digit * power);
}

/** Up to the next multiple of a step, or down. */
export function roundUp(value: number, step: number): number {
  return clean(Math.ceil(value / step - 1e-9) * step);
}

export function roundDown(value: number, step: number): number {
  return clean(Math.floor(value / step + 1e-9) * step);
}

/** A size to some digits, not less than it was. */
export function roundSize(size: number, digits = 2): number {
  return size === 0 ? 0 : roundUp(size, 10 ** (Math.floor(Math.log10(size)) - digits + 1));
}

const niceMs = [1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1_800, 3_600].map(s => s * 1_000);

/** The next duration that people write. */
export function roundDelay(ms: number): number {
  return niceMs.find(nice => nice >= ms) ?? (niceMs.at(-1) as number);
}

/** 0.30000000000000004 → 0.3 */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}
