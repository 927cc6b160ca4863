import type { Peer } from './peer.ts';
import type { RequestService } from './services.ts';

/** One request of a device. */
export interface Request {
  readonly peer: Peer;
  readonly service: RequestService;
  /** What codec.ts encodes for that service. */
  readonly payload: Uint8Array;
  /** How long each sending waits for an answer; also how long a segment waits for the next one. */
  readonly timeoutMs: number;
  /** How often it is sent again, with the same invoke id. */
  readonly retries: number;
  /** The most segments that its answer may have; 0: it has to come in one piece. Default: as many as 64 KiB take. */
  readonly maxSegments?: number;
  /** For how long an answer may go on coming in segments once the first has come, beyond the deadline. Default 0. */
  readonly transferMs?: number;
}

/** How a request ended. `responseMs` counts from the first time that it was sent. */
export type Outcome =
  /** The answer, good until the next outcome. */
  | { readonly kind: 'ack'; readonly payload: Buffer; readonly responseMs: number }
  | { readonly kind: 'simple-ack'; readonly responseMs: number }
  | {
      readonly kind: 'error';
      readonly errorClass: number;
      readonly errorCode: number;
      readonly responseMs: number;
    }
  | { readonly kind: 'reject'; readonly reason: number; readonly responseMs: number }
  /** Also where we gave up on an answer that is too long: `reason` is then buffer-overflow. */
  | { readonly kind: 'abort'; readonly reason: number; readonly responseMs: number }
  /** `wasSent` is false when its turn never came. */
  | { readonly kind: 'timeout'; readonly wasSent: boolean }
  | { readonly kind: 'no-connection'; readonly detail: string }
  | { readonly kind: 'bad-reply'; readonly detail: string };

export type OnOutcome = (outcome: Outcome) => void;
