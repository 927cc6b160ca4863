import type { Rs485 } from '../../src/model/bus.ts';

/** What the first bytes after a request are: our own request coming back over a two-wire line, or not. */
export type EchoCheck = 'whole' | 'maybe' | 'none' | 'missing';

/**
 * Judges the first `filled` bytes that came after `frame` was sent. An answer that is byte for byte its own request is
 * taken for an echo unless the site file says that there is none: that costs a read, the other way round would cost the
 * truth.
 */
export function checkEcho(frame: Uint8Array, bytes: Uint8Array, filled: number, echo: Rs485['echo']): EchoCheck {
  if (echo === 'no') return 'none';
  const compared = Math.min(filled, frame.length);
  for (let index = 0; index < compared; index += 1) {
    if (bytes[index] !== frame[index]) return echo === 'yes' ? 'missing' : 'none';
  }
  return filled >= frame.length ? 'whole' : 'maybe';
}
