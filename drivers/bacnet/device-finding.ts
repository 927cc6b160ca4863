import type { IAm } from './announcements.ts';
import { isSamePeer, type Peer } from './peer.ts';

/**
 * Where the device of one instance is. Pure: stepped with what is heard and with the time; device-table.ts asks and waits.
 *
 * Nobody is believed at once: all that answer within a round are heard first, for two devices may have been given the same
 * number. Then none of them is used, since nobody could say whose value it is.
 */
export interface Finding {
  /** The place that the site file gives; the device is not looked for. */
  readonly fixed: Peer | undefined;
  /** The one that is asked; undefined while there is none, or more than one. */
  readonly known: Claim | undefined;
  /** Those that said in one round that they are it; with a fixed place, others that said so. */
  readonly rivals: readonly Claim[];
  /** Whether somebody has to be looked for: none is known, or it does not answer, or another one says it is it. */
  readonly isDoubted: boolean;
  /** The question that is out, until when it is listened for answers. */
  readonly round: Round | undefined;
  /** The next question goes out then at the earliest. */
  readonly nextRoundMono: number;
  /** Rounds in a row that nobody answered. */
  readonly roundsInVain: number;
}

export interface Claim {
  readonly peer: Peer;
  /** What it says it takes; undefined where only its place is known. */
  readonly iAm: IAm | undefined;
  readonly atMono: number;
}

interface Round {
  readonly startMono: number;
  readonly claims: readonly Claim[];
}

export type FindingInput =
  /** A question is about to go out. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'claim'; readonly claim: Claim }
  /** The one that is known did not answer a request. */
  | { readonly kind: 'silent' }
  /** It may be reached by now: if nobody is known, it is asked for at once. */
  | { readonly kind: 'hurry' }
  /** Time has passed. */
  | { readonly kind: 'tick' };

/** Answers may be late by chance, as devices spread them, and by slow wires behind routers. */
export const settleMs = 1_000;
/** Nobody answers after that. */
export const roundMs = 3_000;
/** From one question in vain to the next: doubled from the first to the last. */
const waitMs = { first: 5_000, longest: 60_000 } as const;
/** How often those that have the same number are looked at again. */
const conflictMs = 30_000;
/** Devices of one number that are remembered; who else says so is not listed. */
const mostClaims = 4;

export function createFinding(fixed: Peer | undefined): Finding {
  const known = fixed && { peer: fixed, iAm: undefined, atMono: 0 };
  return { fixed, known, rivals: [], isDoubted: !fixed, round: undefined, nextRoundMono: 0, roundsInVain: 0 };
}

export function stepFinding(finding: Finding, input: FindingInput, nowMono: number): Finding {
  switch (input.kind) {
    case 'asked':
      return { ...finding, round: { startMono: nowMono, claims: [] } };
    case 'claim':
      return finding.fixed ? hearBesideFixed(finding, input.claim) : hear(finding, input.claim);
    case 'silent':
      return finding.fixed ? finding : { ...finding, isDoubted: true };
    case 'hurry':
      return finding.known ? finding : { ...finding, round: undefined, nextRoundMono: nowMono, roundsInVain: 0 };
    case 'tick':
      return finding.round && nowMono >= roundEndMono(finding.round)
        ? conclude(finding, finding.round, nowMono)
        : finding;
  }
}

/** When there is something to do about it; infinite when there is not. */
export function dueMonoOf({ round, isDoubted, nextRoundMono }: Finding): number {
  if (round) return roundEndMono(round);
  return isDoubted ? nextRoundMono : Number.POSITIVE_INFINITY;
}

function roundEndMono({ startMono, claims }: Round): number {
  return startMono + (claims.length > 0 ? settleMs : roundMs);
}

function hear(finding: Finding, claim: Claim): Finding {
  const { round, known } = finding;
  const isKnown = known !== undefined && isSameDevice(known.peer, claim.peer);
  // The way to it may have changed with the router, which the round decides.
  const refreshed = isKnown ? { ...finding, known: { ...claim, peer: known.peer } } : finding;
  if (round) return { ...refreshed, round: { ...round, claims: addClaim(round.claims, claim) } };
  return isKnown ? refreshed : { ...refreshed, isDoubted: true };
}

/** The site file has said which one it is: others that have its number are only told. */
function hearBesideFixed(finding: Finding, claim: Claim): Finding {
  const { known, rivals } = finding;
  if (known && isSameDevice(known.peer, claim.peer)) return { ...finding, known: { ...claim, peer: known.peer } };
  return { ...finding, rivals: addClaim(rivals, claim) };
}

function conclude(finding: Finding, { claims }: Round, nowMono: number): Finding {
  const over = { ...finding, round: undefined };
  const [only, other] = claims;
  if (!only) {
    const nextRoundMono = nowMono + Math.min(waitMs.longest, waitMs.first * 2 ** Math.min(finding.roundsInVain, 10));
    return { ...over, isDoubted: true, nextRoundMono, roundsInVain: finding.roundsInVain + 1 };
  }
  if (other) {
    return {
      ...over,
      known: undefined,
      rivals: claims,
      isDoubted: true,
      nextRoundMono: nowMono + conflictMs,
      roundsInVain: 0,
    };
  }
  return { ...over, known: only, rivals: [], isDoubted: false, nextRoundMono: nowMono + waitMs.first, roundsInVain: 0 };
}

function addClaim(claims: readonly Claim[], claim: Claim): readonly Claim[] {
  const others = claims.filter(({ peer }) => !isSameDevice(peer, claim.peer));
  if (others.length < claims.length)
    return claims.map(one => (isSameDevice(one.peer, claim.peer) ? { ...claim, peer: one.peer } : one));
  return claims.length < mostClaims ? [...claims, claim] : claims;
}

/** Behind routers a device is known by its network and address there, whichever router passes on what it says. */
export function isSameDevice(one: Peer, other: Peer): boolean {
  if (one.network === 0 || other.network === 0) return isSamePeer(one, other);
  return one.network === other.network && one.mac === other.mac;
}
