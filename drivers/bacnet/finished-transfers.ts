import { isSamePeer, type Peer } from './peer.ts';

/** The oldest is forgotten. */
const mostFinished = 32;

interface Finished {
  readonly peer: Peer;
  readonly invokeId: number;
  readonly sequence: number;
  readonly acknowledgement: Buffer;
}

/**
 * Answers in segments that are done, of which our last acknowledgement may have been lost: the device then sends its last
 * segment again, and would go on for some time.
 */
export class FinishedTransfers {
  readonly #finished: Finished[] = [];

  add(finished: Finished): void {
    this.#finished.push(finished);
    if (this.#finished.length > mostFinished) this.#finished.shift();
  }

  acknowledgementOf(peer: Peer, invokeId: number, sequence: number): Buffer | undefined {
    return this.#finished.find(
      one => one.invokeId === invokeId && one.sequence === sequence && isSamePeer(one.peer, peer),
    )?.acknowledgement;
  }
}
