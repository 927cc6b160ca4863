import type { Timer } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { characterMs, type SerialLine, silenceMs } from '../model/serial-line.ts';
import { type Delivery, flipBit } from './delivery.ts';
import type { Wire, WireEnds } from './wire.ts';

/** What a request met on a paced wire. */
export type Meeting = 'nobody' | 'answer' | 'short-silence';

/** A serial line: one character after the other, and nobody can be understood while two speak. */
export interface PacedWire extends Wire {
  /** So many bytes begin to come in now, or behind those that are still coming. Tells what they meet. */
  hear(count: number): Meeting;
  /** When the last of them is over. */
  readonly heardUntilMono: number;
  /** Plays bytes that are on the line anyway: they collide with nothing. */
  echo(bytes: Uint8Array, fromMono: number): void;
}

export interface PacedWireOptions extends WireEnds {
  readonly line: SerialLine;
  readonly random: Random;
  /** An answer began while a request was still coming in. */
  readonly onInterrupted: () => void;
}

/** One delivery on its way. */
interface Transmission extends Delivery {
  place: number;
  /** Characters of the piece at `place` that are sent. */
  sent: number;
  /** When that piece begins. */
  startMono: number;
  isSpeaking: boolean;
  readonly isEcho: boolean;
  /** One bit of its next character goes wrong. Once is enough: a CRC surely finds one, and not surely many. */
  damage: 'none' | 'due' | 'done';
  timer: Timer | undefined;
}

/** Sums of fractions of milliseconds are not exact. */
const toleranceMs = 1e-6;

export function createPacedWire(options: PacedWireOptions): PacedWire {
  const { clock, send, close, line, random, onInterrupted } = options;
  const characterTimeMs = characterMs(line);
  const silence = silenceMs(line);
  const underWay = new Set<Transmission>();
  let isOver = false;
  let heardUntilMono = Number.NEGATIVE_INFINITY;
  let spokeUntilMono = Number.NEGATIVE_INFINITY;

  const speakers = () => [...underWay].filter(other => other.isSpeaking && !other.isEcho);

  const begin = (transmission: Transmission) => {
    if (!transmission.isEcho) {
      const others = speakers();
      const isHearing = heardUntilMono > transmission.startMono + toleranceMs;
      if (isHearing) onInterrupted();
      if (isHearing || others.length > 0) for (const one of [...others, transmission]) damage(one);
    }
    transmission.isSpeaking = true;
  };

  /** Sends the characters that are over by now, and comes back for the next. */
  const step = (transmission: Transmission): void => {
    while (transmission.place < transmission.pieces.length) {
      // Whoever gets a character may hang up before send returns.
      if (isOver || !speak(transmission)) return;
    }
    underWay.delete(transmission);
    if (transmission.isCutAfter) close();
  };

  /** True when the piece at the transmission's place is over; else the timer is armed. */
  const speak = (transmission: Transmission): boolean => {
    const { place, sent, startMono } = transmission;
    const all = transmission.pieces[place]?.bytes ?? new Uint8Array();
    const elapsedMs = clock.monoMs() + toleranceMs - startMono;
    if (elapsedMs < 0) {
      arm(transmission, startMono);
      return false;
    }
    if (!transmission.isSpeaking) begin(transmission);
    const due = Math.min(all.length, Math.floor(elapsedMs / characterTimeMs));
    transmission.sent = due;
    const isWhole = due === all.length;
    // Who hears the last character may answer before send returns: by then everything else is settled.
    if (isWhole) turnTo(transmission, place + 1);
    else arm(transmission, startMono + (due + 1) * characterTimeMs);
    if (due > sent) send(damaged(transmission, all.subarray(sent, due)));
    return isWhole;
  };

  const turnTo = (transmission: Transmission, place: number) => {
    const piece = transmission.pieces[place - 1];
    const endMono = transmission.startMono + (piece?.bytes.length ?? 0) * characterTimeMs;
    transmission.startMono = endMono + (transmission.pieces[place]?.pauseMs ?? 0);
    transmission.place = place;
    transmission.sent = 0;
    transmission.isSpeaking = false;
    if (!transmission.isEcho) spokeUntilMono = Math.max(spokeUntilMono, endMono);
  };

  const arm = (transmission: Transmission, dueMono: number) => {
    transmission.timer = clock.at(dueMono, () => step(transmission));
  };

  const damaged = (transmission: Transmission, bytes: Uint8Array): Uint8Array => {
    if (transmission.damage !== 'due') return bytes;
    transmission.damage = 'done';
    return flipBit(Buffer.from(bytes), random);
  };

  const start = (delivery: Delivery, fromMono: number, isEcho: boolean) => {
    const startMono = fromMono + (delivery.pieces[0]?.pauseMs ?? 0);
    const rest = { place: 0, sent: 0, startMono, isSpeaking: false, isEcho, damage: 'none', timer: undefined } as const;
    const transmission: Transmission = { ...delivery, ...rest };
    underWay.add(transmission);
    step(transmission);
  };

  return {
    get heardUntilMono() {
      return heardUntilMono;
    },
    hear(count) {
      const now = clock.monoMs();
      heardUntilMono = Math.max(now, heardUntilMono) + count * characterTimeMs;
      const met = speakers();
      for (const one of met) damage(one);
      if (met.length > 0) return 'answer';
      return now + toleranceMs < spokeUntilMono + silence ? 'short-silence' : 'nobody';
    },
    transmit: (delivery, fromMono) => start(delivery, fromMono, false),
    echo: (bytes, fromMono) => start({ pieces: [{ bytes, pauseMs: 0 }], isCutAfter: false }, fromMono, true),
    end() {
      isOver = true;
      for (const { timer } of underWay) timer?.cancel();
      underWay.clear();
    },
  };
}

function damage(transmission: Transmission): void {
  if (transmission.damage === 'none') transmission.damage = 'due';
}
