import type { ActiveFaults, Signals } from './equipment.ts';
import { approach } from './noise.ts';

/** A dry-type transformer with fans. */
export interface Transformer {
  readonly windingC: number;
  readonly isFanOn: boolean;
  readonly amperes: number;
}

const ambientC = 30;
const ratedA = 1_000;
/** What the winding is warmer than the room at its rating, without fans and with them. */
const riseK = 95;
const riseWithFansK = 68;
const windingS = 1_200;
const fanOnC = 110;
const fanOffC = 90;

export function createTransformer(): Transformer {
  return { windingC: 85, isFanOn: false, amperes: 700 };
}

/**
 * One step of `dtS` seconds.
 *
 * @param faults `overload` (a quarter above the rating), `fans-dead`
 */
export function stepTransformer(state: Transformer, faults: ActiveFaults, dtS: number): Transformer {
  const amperes = faults.has('overload') ? 1.25 * ratedA : 700;
  const isWanted = state.windingC >= fanOnC || (state.isFanOn && state.windingC > fanOffC);
  const isFanOn = isWanted && !faults.has('fans-dead');
  const targetC = ambientC + (isFanOn ? riseWithFansK : riseK) * (amperes / ratedA) ** 2;
  return { windingC: approach(state.windingC, targetC, windingS, dtS), isFanOn, amperes };
}

/** Point ids of the class transformer. */
export function measureTransformer(state: Transformer): Signals {
  return { 'winding-temperature': state.windingC, fan: Number(state.isFanOn), current: state.amperes };
}
