import type { Message } from './link.ts';
import { payloadBytes } from './packet.ts';
import { firstPipe, type Pipe, type PipeInput, stepPipe } from './pipe.ts';

/** How long messages that can be cut may be. What was learned of a broker and a line holds over connections. */
export interface MessageSize {
  readonly pipe: Pipe;
  /** Longest payload that is worth writing now. */
  longestBytes(): number;
  /** The broker of the connection that begins takes payloads of this length at most. */
  begin(grantedBytes: number): void;
  learn(input: PipeInput): void;
  /** The broker found this message too large. */
  cutSmaller(message: Message): void;
}

/** Long enough for the envelope to weigh nothing, short enough for other things to come in between. */
const longestMessageBytes = 16_384;

/** A broker that finds even this too large is not helped by cutting. */
const shortestMessageBytes = 512;

export function createMessageSize(): MessageSize {
  let pipe = firstPipe;
  let grantedBytes = longestMessageBytes;
  let learnedBytes = longestMessageBytes;
  return {
    get pipe() {
      return pipe;
    },
    // Two fit into the window, so that the line is not idle while the broker answers.
    longestBytes: () => Math.floor(Math.min(longestMessageBytes, grantedBytes, learnedBytes, pipe.windowBytes / 2)),
    begin(bytes) {
      grantedBytes = bytes;
      pipe = stepPipe(pipe, { kind: 'connected' });
    },
    learn(input) {
      pipe = stepPipe(pipe, input);
    },
    cutSmaller(message) {
      learnedBytes = Math.max(shortestMessageBytes, Math.min(learnedBytes, Math.floor(payloadBytes(message) / 2)));
    },
  };
}
