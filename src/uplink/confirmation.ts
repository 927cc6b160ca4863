import type { Backoff } from '../base/backoff.ts';

/**
 * When what the platform has not confirmed is sent again: after a silence that doubles each time, from its last
 * confirmation or from the first event that waits for one. Pure.
 */
export interface Confirmation {
  /** Since when the platform owes us a word; undefined when it does not. */
  readonly sinceMono: number | undefined;
  /** How often in a row it was sent again in vain. */
  readonly resends: number;
}

const confirmBackoff: Backoff = { firstMs: 30_000, longestMs: 600_000 };

export const nothingOwed: Confirmation = { sinceMono: undefined, resends: 0 };

export type ConfirmationInput =
  | { readonly kind: 'sent' | 'resent'; readonly nowMono: number }
  | { readonly kind: 'confirmed'; readonly isAll: boolean; readonly nowMono: number };

export function stepConfirmation(state: Confirmation, input: ConfirmationInput): Confirmation {
  const { nowMono } = input;
  switch (input.kind) {
    case 'sent':
      return { ...state, sinceMono: state.sinceMono ?? nowMono };
    case 'confirmed':
      return { sinceMono: input.isAll ? undefined : nowMono, resends: 0 };
    case 'resent':
      return { sinceMono: nowMono, resends: state.resends + 1 };
  }
}

/** Monotonic; undefined when nothing is owed. */
export function resendAtMono({ sinceMono, resends }: Confirmation): number | undefined {
  if (sinceMono === undefined) return undefined;
  return sinceMono + Math.min(confirmBackoff.longestMs, confirmBackoff.firstMs * 2 ** Math.min(resends, 30));
}
