import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstPipe, type Pipe, pipeLimits, stepPipe } from '../../src/uplink/pipe.ts';

/** Sends messages of up to 16 KiB over a line of this rate for a minute, as many as the pipe allows at a time. */
function runOver(line: { readonly bitsPerS: number; readonly roundTripMs: number }, forMs = 60_000) {
  let pipe: Pipe = firstPipe;
  let nowMono = 0;
  let lineFreeMono = 0;
  let inFlightBytes = 0;
  let sentBytes = 0;
  const flights: { readonly bytes: number; readonly sentMono: number; readonly doneMono: number }[] = [];
  const send = (bytes: number) => {
    lineFreeMono = Math.max(lineFreeMono, nowMono) + (bytes * 8_000) / line.bitsPerS;
    flights.push({ bytes, sentMono: nowMono, doneMono: lineFreeMono + line.roundTripMs });
    inFlightBytes += bytes;
    sentBytes += bytes;
  };
  // The birth is the first to be measured.
  send(500);
  const waits: number[] = [];
  while (nowMono < forMs) {
    const flight = flights.shift();
    if (!flight) break;
    nowMono = flight.doneMono;
    inFlightBytes -= flight.bytes;
    const flightMs = nowMono - flight.sentMono;
    pipe = stepPipe(pipe, { kind: 'acknowledged', bytes: flight.bytes, flightMs, nowMono });
    const bytes = Math.min(16_384, Math.floor(pipe.windowBytes / 2));
    while (inFlightBytes === 0 || inFlightBytes + bytes <= pipe.windowBytes) send(bytes);
    // What an alarm that comes up now would wait for.
    if (nowMono > 10_000) waits.push(lineFreeMono - nowMono);
  }
  return { longestWaitMs: Math.max(...waits), bitsPerS: (sentBytes * 8_000) / nowMono };
}

describe('what is not urgent', () => {
  test.each([
    [9_600, 100, 4_000, 0.9],
    [64_000, 50, 600, 0.9],
    [512_000, 60, 300, 0.9],
    [2_000_000, 60, 400, 0.9],
    [20_000_000, 20, 300, 0.9],
  ])(
    'on a line of %d bit/s keeps an alarm no longer than it must and still uses the line',
    (bitsPerS, roundTripMs, longestMs, leastShare) => {
      const { longestWaitMs, bitsPerS: used } = runOver({ bitsPerS, roundTripMs });
      expect(longestWaitMs).toBeLessThan(longestMs);
      expect(used).toBeGreaterThan(leastShare * bitsPerS);
    },
  );

  test('over a satellite is not taken for a line with a queue', () => {
    expect(runOver({ bitsPerS: 5_000_000, roundTripMs: 600 }).bitsPerS).toBeGreaterThan(1_500_000);
  });

  test('on loopback may be as much as is worth having', () => {
    expect(runOver({ bitsPerS: 1e9, roundTripMs: 1 }, 20_000).bitsPerS).toBeGreaterThan(100e6);
  });
});

test('the window stays within its limits, whatever the broker does, and a silence makes it smaller for the next line too', () => {
  const input = fc.oneof(
    fc.record({
      kind: fc.constant('acknowledged' as const),
      bytes: fc.integer({ min: 1, max: 300_000 }),
      flightMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
      nowMono: fc.double({ min: 0, max: 1e9, noNaN: true }),
    }),
    fc.constantFrom({ kind: 'unanswered' as const }, { kind: 'connected' as const }),
  );
  fc.assert(
    fc.property(fc.array(input, { maxLength: 100 }), inputs => {
      const pipe = inputs.reduce(stepPipe, firstPipe);
      expect(pipe.windowBytes).toBeGreaterThanOrEqual(pipeLimits.leastBytes);
      expect(pipe.windowBytes).toBeLessThanOrEqual(pipeLimits.mostBytes);
      const after = stepPipe(stepPipe(pipe, { kind: 'unanswered' }), { kind: 'connected' });
      expect(after.windowBytes).toBeLessThanOrEqual(Math.max(pipeLimits.leastBytes, pipe.windowBytes / 4));
    }),
  );
});
