import type { IdentifyRequest } from './identification.ts';
import type { ReadRequest } from './read-client.ts';

/** What may be asked of a device. There is nothing else: none of it writes. */
export type Request = ReadRequest | IdentifyRequest;

/** How a request ended. */
export type Answer =
  /**
   * Registers, or bits packed into bytes, and what may lie behind them; of an identification all that follows its
   * function code. Good until the answer to the next request.
   */
  | { readonly kind: 'data'; readonly bytes: Uint8Array; readonly responseMs: number }
  | { readonly kind: 'exception'; readonly code: number; readonly responseMs: number }
  | FailedAnswer;

export interface FailedAnswer {
  readonly kind: 'failed';
  readonly reason: 'no-connection' | 'timeout' | 'bad-reply';
  readonly detail: string;
  /** See ReadOutcome. */
  readonly wasAsked: boolean;
}

/** How long a device may take, beyond what request and answer take on the wire. */
export interface Patience {
  /** We wait this long. */
  readonly timeoutMs: number;
  /** Its answer may still come until then. */
  readonly worstCaseMs: number;
}

/** Makes requests over one link and finds the one right answer to each: what the driver is built on. */
export interface Exchange {
  /** How many requests may be under way at once. */
  readonly window: number;
  /**
   * Tells the answer once, not before it returns; the next request may be made from within. Never throws, and makes at
   * most one attempt to connect.
   *
   */
  ask(request: Request, patience: Patience, onAnswer: (answer: Answer) => void): void;
  /** Until when a unit is not to be asked, since an answer of it may still come; 0 when it may be at once. */
  restsUntilMono(unitId: number): number;
  /** Lets go of the link at once; a request under way ends as `no-connection`. */
  close(): Promise<void>;
}
