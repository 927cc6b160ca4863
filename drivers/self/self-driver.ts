import { assert } from '../../src/base/assert.ts';
import {
  createReadings,
  type Driver,
  type DriverOptions,
  noSilences,
  type OpenBus,
  spoilReadings,
} from '../../src/driver.ts';
import type { SelfMeasure } from '../../src/model/point.ts';

/** How to measure the gateway itself. Called at every read, so each must be quick; what it throws is a bug. */
export type SelfInstruments = Readonly<Record<SelfMeasure, () => number>>;

/** The gateway as a device on a bus of its own, so that its health is watched by ordinary rules. */
export function createSelfDriver(instruments: SelfInstruments): Driver {
  return { protocol: 'self', create: options => openSelfBus(options, instruments) };
}

function openSelfBus({ clock }: DriverOptions, instruments: SelfInstruments): OpenBus {
  let isClosed = false;
  return {
    window: 1,
    silences: noSilences,
    plan: (device, points) =>
      points.length === 0 ? [] : [{ device, label: 'gateway', points, readings: createReadings(points), wireMs: 0 }],
    read(read, _timeoutMs, onOutcome) {
      queueMicrotask(() => {
        const atMono = clock.monoMs();
        if (isClosed) {
          spoilReadings(read, 'no-connection');
          onOutcome({ kind: 'failed', atMono, reason: 'no-connection', detail: 'the bus is closed', wasAsked: false });
        } else onOutcome({ kind: 'answered', atMono, responseMs: 0 });
      });
    },
    decode({ points, readings }) {
      for (const [index, { address, key }] of points.entries()) {
        assert(address.protocol === 'self', `${key} is no measure of the gateway`);
        const reading = readings[index];
        if (!reading) continue;
        reading.value = instruments[address.measure]();
        reading.quality = Number.isFinite(reading.value) ? 'good' : 'not-a-number';
      }
    },
    ask(_question, _timeoutMs, onAnswer) {
      const detail = 'the gateway has no registers; `plantroom status` shows what it measures';
      queueMicrotask(() => onAnswer({ kind: 'failed', reason: 'refused', detail }));
    },
    restsUntilMono: () => 0,
    forget: () => {},
    async close() {
      isClosed = true;
    },
  };
}
