import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beginClock, type ClockLook, earliestPlausibleAt, stepClock, tolerableMs } from '../../src/live/clock-watch.ts';

const day = Date.UTC(2026, 10, 26);
const look = (monoMs: number, wallMs: number, isSynchronised?: boolean): ClockLook => ({
  monoMs,
  wallMs,
  isSynchronised,
});

describe('the clock of a gateway', () => {
  test.each([
    ['of 1970, whatever the system says', 0, true, 'unsynchronised'],
    ['of 1970, of which the system says nothing', 0, undefined, 'unsynchronised'],
    ['of today that no server has set', day, false, 'unsynchronised'],
    ['of today that a server has set', day, true, 'synchronised'],
    ['of today on a system that cannot tell', day, undefined, 'synchronised'],
  ] as const)('%s is what it is', (_sentence, wallMs, isSynchronised, quality) => {
    expect(beginClock(look(5, wallMs, isSynchronised)).quality).toBe(quality);
  });

  test('that is set after the boot has jumped, and is right from then on', () => {
    const { state, events } = stepClock(beginClock(look(0, 0, false)), look(60_000, day, true));
    expect(events).toEqual([{ kind: 'jumped', fromAt: 60_000, toAt: day }, { kind: 'synchronised' }]);
    expect(state).toMatchObject({ quality: 'synchronised', jumps: 1 });
  });

  test('that was right stays so while its server cannot be reached', () => {
    const { state, events } = stepClock(beginClock(look(0, day, true)), look(5_000, day + 5_000, false));
    expect(state.quality).toBe('synchronised');
    expect(events).toEqual([]);
  });

  test('that is slewed does not jump, however long that goes on', () => {
    const slew = fc.array(fc.integer({ min: -tolerableMs, max: tolerableMs }), { maxLength: 200 });
    fc.assert(
      fc.property(slew, steps => {
        let wallMs = day + 1e9;
        let state = beginClock(look(0, wallMs));
        for (const [index, byMs] of steps.entries()) {
          wallMs += 5_000 + byMs;
          const next = stepClock(state, look((index + 1) * 5_000, wallMs));
          expect(next.events).toEqual([]);
          state = next.state;
        }
        expect(state.jumps).toBe(0);
      }),
    );
  });

  test('tells every jump with what it read before and after, and becomes right once at most', () => {
    const jump = fc.oneof(fc.constant(0), fc.integer({ min: -4e11, max: 4e11 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(jump, fc.boolean()), { maxLength: 50 }), steps => {
        let wallMs = earliestPlausibleAt;
        let state = beginClock(look(0, wallMs, false));
        let synchronised = 0;
        for (const [index, [byMs, isSynchronised]] of steps.entries()) {
          const before = wallMs + 5_000;
          wallMs = before + byMs;
          const next = stepClock(state, look((index + 1) * 5_000, wallMs, isSynchronised));
          const jumps = next.events.filter(({ kind }) => kind === 'jumped');
          expect(jumps).toEqual(Math.abs(byMs) > tolerableMs ? [{ kind: 'jumped', fromAt: before, toAt: wallMs }] : []);
          synchronised += next.events.filter(({ kind }) => kind === 'synchronised').length;
          state = next.state;
        }
        expect(synchronised).toBe(state.quality === 'synchronised' ? 1 : 0);
      }),
    );
  });
});
