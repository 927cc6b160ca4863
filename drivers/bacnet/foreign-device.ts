import { bvlcResults } from './bvlc.ts';

/*
 * Registration as a foreign device (annex J.5): a BBMD on another network passes broadcasts on to us, and ours to its
 * network, for as long as we have asked for. It forgets us when it restarts, and says so at our next broadcast.
 */

/** How things stand, for people. */
export type Registration =
  | { readonly kind: 'asked' }
  | { readonly kind: 'registered' }
  | { readonly kind: 'refused'; readonly code: number }
  /** The BBMD does not answer. */
  | { readonly kind: 'silent' };

export interface ForeignState {
  readonly registration: Registration;
  /** When we asked; undefined when the answer has come. */
  readonly askedMono: number | undefined;
  /** Until when the BBMD passes broadcasts on. */
  readonly endMono: number;
  /** When the next step is due. */
  readonly wakeMono: number;
}

export type ForeignInput = { readonly kind: 'timer' } | { readonly kind: 'result'; readonly code: number };

export interface ForeignStep {
  readonly state: ForeignState;
  /** Whether we have to ask now. */
  readonly isAsking: boolean;
}

/** A BBMD that has not answered by then is asked again. */
const answerMs = 5_000;

/** One that has no room for us is asked again after this long. */
const refusedMs = 30_000;

export const unregistered: ForeignState = {
  registration: { kind: 'silent' },
  askedMono: undefined,
  endMono: 0,
  wakeMono: 0,
};

export function stepForeign(state: ForeignState, input: ForeignInput, nowMono: number, ttlMs: number): ForeignStep {
  if (input.kind === 'timer') return nowMono < state.wakeMono ? stay(state) : ask(state, nowMono);
  if (input.code === bvlcResults.distributeRefused) {
    return state.askedMono === undefined ? ask({ ...state, endMono: 0 }, nowMono) : stay(state);
  }
  // A result that we did not ask for says nothing.
  if (state.askedMono === undefined) return stay(state);
  if (input.code === bvlcResults.success) return { state: registered(state.askedMono, ttlMs), isAsking: false };
  if (input.code !== bvlcResults.registerRefused) return stay(state);
  const registration: Registration = { kind: 'refused', code: input.code };
  return {
    state: { registration, askedMono: undefined, endMono: 0, wakeMono: nowMono + refusedMs },
    isAsking: false,
  };
}

/** Renewed when half of the time is over: then one answer may be lost. */
function registered(askedMono: number, ttlMs: number): ForeignState {
  return {
    registration: { kind: 'registered' },
    askedMono: undefined,
    endMono: askedMono + ttlMs,
    wakeMono: askedMono + ttlMs / 2,
  };
}

function ask(state: ForeignState, nowMono: number): ForeignStep {
  const wakeMono = nowMono + answerMs;
  return { state: { ...state, registration: standing(state, nowMono), askedMono: nowMono, wakeMono }, isAsking: true };
}

/** An earlier registration holds until its end. */
function standing({ registration, askedMono, endMono }: ForeignState, nowMono: number): Registration {
  if (registration.kind === 'registered' && nowMono < endMono) return registration;
  return { kind: askedMono === undefined ? 'asked' : 'silent' };
}

function stay(state: ForeignState): ForeignStep {
  return { state, isAsking: false };
}
