import type { Clock, Timer } from '../base/clock.ts';
import type { Delivery } from './delivery.ts';

/** What the wire of one endpoint went through since the start. */
export interface WireCounts {
  /** Requests that were understood and meant a unit of ours; broadcasts are not among them. */
  requests: number;
  /** Frames with a wrong check sum or of no known length. */
  badFrames: number;
  /** Requests that began less than the silence of the line after what went before. */
  shortSilences: number;
  /** Times that two spoke at once. */
  collisions: number;
}

export function createCounts(): WireCounts {
  return { requests: 0, badFrames: 0, shortSilences: 0, collisions: 0 };
}

export interface WireEnds {
  readonly clock: Clock;
  /** Takes the bytes at once: they are not touched again. */
  readonly send: (bytes: Uint8Array) => void;
  /** Cuts the connection. */
  readonly close: () => void;
}

/** Plays deliveries. */
export interface Wire {
  /** @param fromMono the end of the request, from which the first pause counts */
  transmit(delivery: Delivery, fromMono: number): void;
  /** Nothing more is sent. */
  end(): void;
}

/** A wire that takes no time: only pauses do. What is due at once is sent before `transmit` returns. */
export function createInstantWire({ clock, send, close }: WireEnds): Wire {
  const timers = new Set<Timer>();
  let isOver = false;
  const play = ({ pieces, isCutAfter }: Delivery, from: number, start: number) => {
    let place = from;
    // Whoever gets a piece may hang up before send returns.
    for (let piece = pieces[place]; piece && !isOver; piece = pieces[place]) {
      if (piece.pauseMs > 0 && place > from) break;
      send(piece.bytes);
      place += 1;
    }
    if (isOver) return;
    const next = pieces[place];
    if (next) wait({ pieces, isCutAfter }, place, start + next.pauseMs);
    else if (isCutAfter) close();
  };
  const wait = (delivery: Delivery, place: number, dueMono: number) => {
    const timer = clock.at(dueMono, () => {
      timers.delete(timer);
      play(delivery, place, dueMono);
    });
    timers.add(timer);
  };
  return {
    transmit(delivery, fromMono) {
      const pauseMs = delivery.pieces[0]?.pauseMs ?? 0;
      if (pauseMs > 0) wait(delivery, 0, fromMono + pauseMs);
      else play(delivery, 0, fromMono);
    },
    end() {
      isOver = true;
      for (const timer of timers) timer.cancel();
      timers.clear();
    },
  };
}
