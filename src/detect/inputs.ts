/**
 * The latest samples of the points that one rule looks at: its own, and the other one it is compared with. Changed in
 * place. Nothing is good before it was read.
 */
export interface Inputs {
  value: number;
  isGood: boolean;
  other: number;
  isOtherGood: boolean;
  /** A rule without another point has only its own to wait for. */
  readonly hasOther: boolean;
  /** Monotonic ms of the newest sample of either; it does not go back when devices are heard out of order. */
  mono: number;
  /** One of the samples came with the batch under way, and was not judged yet. */
  isNew: boolean;
}

export function createInputs(hasOther: boolean): Inputs {
  const nothingRead = { value: Number.NaN, isGood: false, other: Number.NaN, isOtherGood: false };
  return { ...nothingRead, hasOther, mono: Number.NEGATIVE_INFINITY, isNew: false };
}

export function areGood({ isGood, isOtherGood, hasOther }: Inputs): boolean {
  return isGood && (isOtherGood || !hasOther);
}
