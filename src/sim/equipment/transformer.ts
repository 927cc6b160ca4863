import type { ActiveFaults, Signals } from './equipment.ts';
import { approach } from './noise.ts';

/** A dry-type transformer with fans. */
export interface Transformer {
  readonly windingC: number;
  readonly isFanOn: boolean;
  readonly amperes: number;
  readonly isSensorOpen: boolean;
}

const ambientC = 30;
const ratedA = 1_000;
/** What the winding is warmer than the room at its rating, without fans and with them. */
const riseK = 95;
const riseWithFansK = 68;
const windingS = 1_200;
const fanOnC = 110;
const fanOffC = 90;
/** An open Pt100 reads the end of its range. */
const openC = 850;

export function createTransformer(): Transformer {
  return { windingC: 85, isFanOn: false, amperes: 700, isSensorOpen: false };
}

/** One step of `dtS` seconds. */
export function stepTransformer(state: Transformer, faults: ActiveFaults, dtS: number): Transformer {
  const amperes = faults.has('overload') ? 1.25 * ratedA : 700;
  const isWanted = state.windingC >= fanOnC || (state.isFanOn && state.windingC > fanOffC);
  const isFanOn = isWanted && !faults.has('fans-dead');
  const targetC = ambientC + (isFanOn ? riseWithFansK : riseK) * (amperes / ratedA) ** 2;
  const windingC = approach(state.windingC, targetC, windingS, dtS);
  return { windingC, isFanOn, amperes, isSensorOpen: faults.has('sensor-open') };
}

/** Point ids of the class transformer. */
export function measureTransformer(state: Transformer): Signals {
  const seenC = state.isSensorOpen ? openC : state.windingC;
  return { 'winding-temperature': seenC, fan: Number(state.isFanOn), current: state.amperes };
}
