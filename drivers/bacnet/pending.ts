import type { PeerQueue } from './peer-queues.ts';
import type { OnOutcome, Outcome, Request } from './request.ts';
import type { Transfer } from './segments.ts';
import { requestServices } from './services.ts';

/** A request that has not ended. */
export interface Pending {
  readonly request: Request;
  readonly onOutcome: OnOutcome;
  /** When it ends at the latest. */
  endMono: number;
  /** When something has to be done about it: the answer is late, or its turn did not come. */
  dueMono: number;
  queue: PeerQueue<Pending> | undefined;
  /** Undefined while it waits for its turn. */
  flight: Flight | undefined;
}

/** A request that was sent. */
export interface Flight {
  readonly invokeId: number;
  readonly frame: Buffer;
  readonly sentMono: number;
  /** How often it may be sent again; then, how often our acknowledgement of the last segment. */
  retriesLeft: number;
  /** Something of it may come after it has ended: a second answer, or more segments. */
  mayStillAnswer: boolean;
  transfer: Transfer | undefined;
}

export function isRead({ service }: Request): boolean {
  return service === requestServices.readProperty || service === requestServices.readPropertyMultiple;
}

export function noConnection(detail: string): Outcome {
  return { kind: 'no-connection', detail };
}
