import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Driver, OpenBus, Read, ReadOutcome } from '../../src/driver.ts';
import type { Bus } from '../../src/model/bus.ts';
import type { Device } from '../../src/model/device.ts';
import { type BadReason, badReasons } from '../../src/model/quality.ts';
import { readOnce } from '../fakes/read-once.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { waitUntil } from '../fakes/wait-until.ts';

/** A driver with a plant behind it that answers. */
export interface DriverRig {
  readonly driver: Driver;
  readonly bus: Bus;
  /** With points enough that they need several reads, if the protocol knows such a thing. */
  readonly device: Device;
  /** The value that a good reading of a point must have at this moment, by the number of the point. */
  readonly valueOf: (point: number) => number;
  /** What can go wrong with the plant; undefined for a driver without a wire. */
  readonly wire: RigWire | undefined;
  stop(): Promise<void>;
}

interface RigWire {
  /** Connections made to the plant since the start. */
  connections(): number;
  /** Connections that stand. */
  openConnections(): number;
  /** Breaks every connection and refuses new ones. */
  breakDown(): Promise<void>;
  repair(): Promise<void>;
  /** The plant takes the next request and never answers it. */
  ignoreNext(): void;
  /** Requests that arrived. */
  requests(): number;
  /** Longest time after which a read must have given up on its own. */
  readonly longestReadMs: number;
}

/** What src/driver.ts promises, as tests that every driver has to pass; some only make sense where there is a wire. */
export function describeDriverContract(
  name: string,
  openRig: () => Promise<DriverRig>,
  options: { readonly hasWire: boolean },
): void {
  describe(`the contract of drivers, kept by ${name}:`, () => {
    let rig: DriverRig;
    let clock: VirtualClock;
    let bus: OpenBus;

    beforeEach(async () => {
      rig = await openRig();
      clock = new VirtualClock();
      bus = openOn(clock);
    });

    afterEach(async () => {
      await bus.close();
      await rig.stop();
    });

    function openOn(on: Clock): OpenBus {
      return rig.driver.create({ bus: rig.bus, clock: on, log: silentLog });
    }

    function planAll(on = bus): readonly Read[] {
      return on.plan(rig.device, rig.device.points);
    }

    async function readAll(on = bus): Promise<void> {
      for (const read of planAll(on)) expectGood(read, await readOnce(on, read));
    }

    function expectGood(read: Read, outcome: ReadOutcome): void {
      expect(outcome).toEqual({ kind: 'answered', atMono: clock.monoMs(), responseMs: expect.any(Number) });
      for (const [index, reading] of read.readings.entries()) {
        const number = read.points[index]?.number ?? -1;
        expect(reading).toEqual({ value: rig.valueOf(number), text: undefined, quality: 'good' });
      }
    }

    function expectFailed(read: Read, outcome: ReadOutcome, reasons: readonly BadReason[]): void {
      if (outcome.kind !== 'failed') throw new Error('the read was answered');
      expect(reasons).toContain(outcome.reason);
      expect(outcome.atMono).toBe(clock.monoMs());
      expect(outcome.detail).not.toBe('');
      for (const reading of read.readings) {
        expect(reading).toEqual({ value: Number.NaN, text: undefined, quality: outcome.reason });
      }
    }

    function firstRead(): Read {
      const [read] = planAll();
      if (!read) throw new Error('nothing was planned');
      return read;
    }

    test('it serves the protocol of its bus', () => {
      expect(rig.driver.protocol).toBe(rig.bus.protocol);
    });

    test('a plan has every point once, with a reading at the same place that is not read yet', () => {
      const reads = planAll();
      const numbers = reads.flatMap(read => read.points.map(({ number }) => number));
      expect(numbers.sort((a, b) => a - b)).toEqual(
        rig.device.points.map(({ number }) => number).sort((a, b) => a - b),
      );
      for (const read of reads) {
        expect(read.device).toBe(rig.device);
        expect(read.label).not.toBe('');
        expect(read.readings.map(({ quality }) => quality)).toEqual(read.points.map(() => 'not-read'));
      }
    });

    test('a plan of no points is empty', () => {
      expect(bus.plan(rig.device, [])).toEqual([]);
    });

    test('two plans of the same points are alike and share no readings', () => {
      const [one, other] = [planAll(), planAll()];
      expect(one).toEqual(other);
      const readings = new Set([...one, ...other].flatMap(read => read.readings));
      expect(readings.size).toBe(2 * rig.device.points.length);
    });

    test('a read fills every reading, and does so again with what is new', async () => {
      await readAll();
      await clock.advance(1_000);
      await readAll();
    });

    test('readings of a read keep their identity, so that the hot path may hold on to them', async () => {
      const read = firstRead();
      const before = [...read.readings];
      await readOnce(bus, read);
      expect(read.readings.every((reading, index) => reading === before[index])).toBe(true);
    });

    test('an answer can be decoded after the next request went out, and is still its own', async () => {
      const [first, second = first] = planAll();
      if (!first || !second) throw new Error('nothing was planned');
      await new Promise(resolve => {
        bus.read(first, 1_000, outcome => {
          bus.read(second, 1_000, resolve);
          bus.decode(first);
          expectGood(first, outcome);
        });
      });
    });

    test('an outcome is never told before the read returns', async () => {
      const read = firstRead();
      for (const prepare of [async () => undefined, () => bus.close()]) {
        await prepare();
        let hasReturned = false;
        const isLate = new Promise(resolve => bus.read(read, 1_000, () => resolve(hasReturned)));
        hasReturned = true;
        expect(await isLate).toBe(true);
      }
    });

    test('a bus that was never read closes, and closes twice', async () => {
      await bus.close();
      await bus.close();
    });

    test('a bus that was read closes, and closes twice', async () => {
      await readAll();
      await Promise.all([bus.close(), bus.close()]);
      await bus.close();
    });

    test('a read after close fails as no-connection, and opens nothing', async () => {
      await readAll();
      const connectionsBefore = rig.wire?.connections();
      await bus.close();
      const read = firstRead();
      expectFailed(read, await readOnce(bus, read), ['no-connection']);
      expect(rig.wire?.connections()).toBe(connectionsBefore);
    });

    test('a hundred buses leave no handle and no timer behind', async () => {
      const before = countHandles();
      for (let count = 0; count < 100; count += 1) {
        const one = openOn(clock);
        await readAll(one);
        await one.close();
      }
      expect(clock.pending).toBe(0);
      await waitUntil(
        () => countHandles() <= before,
        () => `${countHandles()} handles are open, before there were ${before}`,
      );
    });

    if (!options.hasWire) return;

    test('create and plan touch no wire; the first read does', async () => {
      const wire = wireOf(rig);
      planAll();
      expect(wire.connections()).toBe(0);
      await readAll();
      expect(wire.connections()).toBe(1);
    });

    test('a plant that is not there fails the read, which never rejects, and is read once it is back', async () => {
      const wire = wireOf(rig);
      await wire.breakDown();
      const read = firstRead();
      for (let count = 0; count < 3; count += 1) expectFailed(read, await readOnce(bus, read), ['no-connection']);
      await wire.repair();
      await readAll();
    });

    test('a wire that breaks between reads fails at most one of them, and is made anew by the next', async () => {
      const wire = wireOf(rig);
      await readAll();
      await wire.breakDown();
      const read = firstRead();
      expectFailed(read, await readOnce(bus, read), ['no-connection']);
      await wire.repair();
      await readAll();
    });

    test('a plant that does not answer fails the read at its deadline, and is read again at once', async () => {
      const wire = wireOf(rig);
      const read = firstRead();
      for (let count = 0; count < 2; count += 1) {
        const outcome = await readInVain(wire, read, () => clock.advance(wire.longestReadMs));
        expectFailed(read, { ...outcome, atMono: clock.monoMs() }, badReasons);
        await readAll();
      }
    });

    test('a close ends the read under way as no-connection, whatever the other side does', async () => {
      const wire = wireOf(rig);
      const read = firstRead();
      const outcome = await readInVain(wire, read, () => bus.close());
      expectFailed(read, outcome, ['no-connection']);
      expect(clock.pending).toBe(0);
      await waitUntil(
        () => wire.openConnections() === 0,
        () => 'the plant still has a connection',
      );
    });

    /** Makes a read that the plant takes and never answers, and `act`s once it has arrived. */
    async function readInVain(wire: RigWire, read: Read, act: () => Promise<void>): Promise<ReadOutcome> {
      const requestsBefore = wire.requests();
      wire.ignoreNext();
      const outcome = readOnce(bus, read);
      await waitUntil(
        () => wire.requests() > requestsBefore,
        () => 'the request never arrived',
      );
      await act();
      return outcome;
    }
  });
}

function wireOf({ wire }: DriverRig): RigWire {
  if (!wire) throw new Error('the rig has no wire');
  return wire;
}

/** Open sockets, pipes, processes and the like; timers are counted by the clock of the test. */
function countHandles(): number {
  return process.getActiveResourcesInfo().filter(name => name !== 'Timeout' && name !== 'Immediate').length;
}
