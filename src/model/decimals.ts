import type { Point } from './point.ts';

/** Decimals that a scale or an offset may have; with more of them it is used as it is. */
const mostDecimals = 9;

/** How many decimals every value of this scale and offset can have; undefined when it is no use to say. */
export function decimalsOf({ scale, offset }: Pick<Point, 'scale' | 'offset'>): number | undefined {
  for (let decimals = 0; decimals <= mostDecimals; decimals += 1) {
    const divisor = 10 ** decimals;
    if (isWhole(scale * divisor) && isWhole(offset * divisor)) return decimals;
  }
  return undefined;
}

/** Was it a whole number before binary left its dust on it? */
function isWhole(product: number): boolean {
  const whole = Math.round(product);
  return Math.abs(product - whole) <= Math.abs(product) * 1e-12 && Number.isSafeInteger(whole);
}
