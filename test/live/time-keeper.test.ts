import { expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import type { ClockEvent } from '../../src/live/clock-watch.ts';
import { createTimeKeeper, firstAnswerMs, lookEveryMs } from '../../src/live/time-keeper.ts';
import { systemTimeWitness } from '../../src/live/time-witness.ts';
import { settle, VirtualClock } from '../fakes/virtual-clock.ts';

async function keeper(wallMs: number, answers: (boolean | undefined)[]) {
  const clock = new VirtualClock(wallMs);
  const events: ClockEvent[] = [];
  const witness = async () => (answers.length > 1 ? answers.shift() : answers[0]);
  const time = createTimeKeeper({ clock, witness, log: silentLog, onEvent: event => events.push(event) });
  await time.start();
  return { clock, events, time };
}

test('a gateway without a clock chip doubts its times until a server has set them', async () => {
  const { clock, events, time } = await keeper(10_000, [false, false, true]);
  expect(time.stampAt(clock.monoMs()).clock).toBe('unsynchronised');
  const madeBootMs = time.stampAt(clock.monoMs()).bootMs;
  await clock.advance(lookEveryMs);
  clock.jumpWall(Date.UTC(2026, 10, 26));
  await clock.advance(lookEveryMs);
  await settle();
  expect(events.map(({ kind }) => kind)).toEqual(['jumped', 'synchronised']);
  expect(time.stampAt(clock.monoMs()).clock).toBe('synchronised');
  // The record made at the start, 10 s into 1970, was made 10 s into the day that it really was.
  expect(time.bootedAt() + madeBootMs).toBe(Date.UTC(2026, 10, 26) + 10_000);
});

test('a clock that is set by hand has jumped, and the system is not asked about it', async () => {
  const { clock, events } = await keeper(Date.UTC(2026, 10, 26), [true]);
  await clock.advance(10 * lookEveryMs);
  expect(events).toEqual([]);
  clock.jumpWall(-3_600_000);
  await clock.advance(lookEveryMs);
  const [event] = events;
  expect(event?.kind === 'jumped' && event.toAt - event.fromAt).toBe(-3_600_000);
});

test('a system that does not answer does not keep the gateway from starting', async () => {
  const clock = new VirtualClock(Date.UTC(2026, 10, 26));
  const time = createTimeKeeper({ clock, witness: () => new Promise(() => {}), log: silentLog, onEvent: () => {} });
  const started = time.start();
  await clock.advance(firstAnswerMs);
  await started;
  expect(time.state.quality).toBe('synchronised');
});

test('this machine is asked without harm, whatever it knows', async () => {
  expect([true, false, undefined]).toContain(await systemTimeWitness());
});

test('times since the boot are the same for all processes', async () => {
  const { clock, time } = await keeper(Date.UTC(2026, 10, 26), [true]);
  expect(time.stampAt(clock.monoMs()).bootMs).toBe(clock.bootMs());
  expect(time.bootId).toMatch(/^[0-9a-f-]{36}$/);
  time.stop();
  expect(clock.pending).toBe(0);
});

test('a record that was begun before the clock was set is doubtful, whenever it is done', async () => {
  const { clock, time } = await keeper(10_000, [false, true]);
  const began = { wallMs: clock.wallMs(), monoMs: clock.monoMs() };
  const bootedAt = clock.wallMs() - clock.bootMs();
  expect(time.doubtOf(began)).toEqual({ bootId: time.bootId, bootedAt });
  clock.jumpWall(Date.UTC(2026, 10, 26));
  await clock.advance(lookEveryMs);
  await settle();
  expect(time.state.quality).toBe('synchronised');
  expect(time.doubtOf(began)).toEqual({ bootId: time.bootId, bootedAt });
  expect(time.bootedAt() - bootedAt).toBe(Date.UTC(2026, 10, 26));
  expect(time.doubtOf({ wallMs: clock.wallMs(), monoMs: clock.monoMs() + 1 })).toBeUndefined();
  time.stop();
});

test('where the clock is right from the start nothing is doubtful', async () => {
  const { clock, time } = await keeper(Date.UTC(2026, 10, 26), [true]);
  expect(time.doubtOf({ wallMs: clock.wallMs(), monoMs: clock.monoMs() })).toBeUndefined();
});
