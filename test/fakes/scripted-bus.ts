import { assert } from '../../src/base/assert.ts';
import type { Clock } from '../../src/base/clock.ts';
import { createReadings, type OpenBus, type Read, spoilReadings } from '../../src/driver.ts';
import type { Device } from '../../src/model/device.ts';
import type { Point } from '../../src/model/point.ts';

/** What the device does with a read: how long it takes, and whether an answer comes. */
export interface ScriptedAnswer {
  readonly takesMs: number;
  readonly value?: number;
  readonly isSilent?: boolean;
}

export interface ScriptedBus extends OpenBus {
  /** Every read that went out: device, first point, monotonic start. */
  readonly asked: { device: string; points: string[]; atMono: number }[];
  /** When each question of a person went out. */
  readonly questionsMono: number[];
  /** True while two reads overlapped once: a bus has one request at a time. */
  readonly hadCollision: () => boolean;
}

/** A bus whose devices answer by script, on the clock of the test. `pointsPerRead` plays the limit of the protocol. */
export function createScriptedBus(
  clock: Clock,
  answer: (device: string, atMono: number) => ScriptedAnswer,
  pointsPerRead = Number.POSITIVE_INFINITY,
): ScriptedBus {
  const asked: ScriptedBus['asked'] = [];
  const questionsMono: number[] = [];
  let underWay = 0;
  let collided = false;
  let cutOff: (() => void) | undefined;
  /** What the last answer said. */
  let answered: { readonly read: Read; readonly value: number } | undefined;

  return {
    asked,
    questionsMono,
    hadCollision: () => collided,
    window: 1,
    plan: (device, points) =>
      chunks(points, pointsPerRead).map(part => ({
        device,
        label: part.map(point => point.id).join(' '),
        points: part,
        readings: createReadings(part),
      })),
    read(read, _timeoutMs, onOutcome) {
      underWay += 1;
      collided ||= underWay > 1;
      const startMono = clock.monoMs();
      asked.push({ device: read.device.id, points: read.points.map(({ id }) => id), atMono: startMono });
      const script = answer(read.device.id, startMono);
      const settle = (failure: 'no-connection' | 'timeout' | undefined) => {
        timer.cancel();
        underWay -= 1;
        cutOff = undefined;
        answered = failure ? undefined : { read, value: script.value ?? 1 };
        if (failure) spoilReadings(read, failure);
        const atMono = clock.monoMs();
        onOutcome(
          failure
            ? { kind: 'failed', atMono, reason: failure, detail: failure, wasAsked: true }
            : { kind: 'answered', atMono, responseMs: atMono - startMono },
        );
      };
      const timer = clock.at(startMono + script.takesMs, () => settle(script.isSilent ? 'timeout' : undefined));
      cutOff = () => settle('no-connection');
    },
    decode(read) {
      assert(answered?.read === read, 'a read is decoded that is not the last one answered');
      for (const reading of read.readings) Object.assign(reading, { value: answered.value, quality: 'good' });
    },
    ask(_question, timeoutMs, onAnswer) {
      underWay += 1;
      collided ||= underWay > 1;
      const startMono = clock.monoMs();
      questionsMono.push(startMono);
      answered = undefined;
      const script = answer('person', startMono);
      const settle = (failure: 'no-connection' | 'timeout' | undefined) => {
        timer.cancel();
        underWay -= 1;
        cutOff = undefined;
        const responseMs = clock.monoMs() - startMono;
        if (failure) onAnswer({ kind: 'failed', reason: failure, detail: failure });
        else onAnswer({ kind: 'raw', values: [script.value ?? 1], responseMs });
      };
      const endMono = startMono + (script.isSilent ? timeoutMs : script.takesMs);
      const timer = clock.at(endMono, () => settle(script.isSilent ? 'timeout' : undefined));
      cutOff = () => settle('no-connection');
    },
    restsUntilMono: () => 0,
    async close() {
      cutOff?.();
    },
  };
}

let nextNumber = 0;

/** A device with one point for each interval given. */
export function deviceWith(id: string, intervalsMs: readonly number[], changes: Partial<Point> = {}): Device {
  nextNumber += 1;
  const device = nextNumber;
  const points = intervalsMs.map((intervalMs, index): Point => {
    nextNumber += 1;
    return {
      number: nextNumber,
      key: `${id}/p${index}`,
      id: `p${index}`,
      name: `Point ${index}`,
      device,
      unit: 'bar',
      intervalMs,
      address: { protocol: 'self', measure: 'uptime' },
      scale: 1,
      offset: 0,
      invalidValues: [],
      states: undefined,
      ...changes,
    };
  });
  const readLimits = { maxRegisters: 125, maxBits: 2000, maxGap: 0, barriers: [] };
  const timeoutMs = undefined;
  return { number: device, id, name: id, bus: 'b', profile: undefined, unitId: 1, timeoutMs, readLimits, points };
}

function chunks(points: readonly Point[], size: number): Point[][] {
  const parts: Point[][] = [];
  for (const point of points) {
    const last = parts.at(-1);
    if (last && last.length < size) last.push(point);
    else parts.push([point]);
  }
  return parts;
}
