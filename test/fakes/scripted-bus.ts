import { assert } from '../../src/base/assert.ts';
import type { Clock } from '../../src/base/clock.ts';
import {
  createReadings,
  noSilences,
  type OpenBus,
  type Push,
  type Read,
  type Silences,
  spoilReadings,
} from '../../src/driver.ts';
import type { Device } from '../../src/model/device.ts';
import type { Point } from '../../src/model/point.ts';

/** What the device does with a read: how long it takes, and whether an answer comes. */
export interface ScriptedAnswer {
  /** From the beginning of the request to the end of the answer. */
  readonly takesMs: number;
  readonly value?: number;
  /** The request takes the wire, and then the bus waits for the whole timeout. */
  readonly isSilent?: boolean;
}

export interface ScriptedBusOptions {
  /** Plays the limit of the protocol. */
  readonly pointsPerRead?: number;
  readonly window?: number;
  readonly deviceWindow?: number;
  /** What request and answer take on the wire, of `takesMs`; the rest is the device's response time. */
  readonly requestMs?: number;
  readonly answerMs?: number;
  readonly silences?: Silences;
  /** So long after a request that timed out the same device is not asked, as a serial line has it. */
  readonly quarantineMs?: number;
}

export interface ScriptedBus extends OpenBus {
  /** Every read that went out. */
  readonly asked: { device: string; points: string[]; atMono: number; timeoutMs: number }[];
  /** When each question of a person went out. */
  readonly questionsMono: number[];
  /** Every plan that was asked for: device and turnaround. */
  readonly planned: { device: string; turnaroundMs: number | undefined }[];
  /** True when more requests than the window were under way once. */
  readonly hadCollision: () => boolean;
  /** The most requests that were under way at once. */
  readonly mostUnderWay: () => number;
  /** As if the device had told a value by itself. */
  push(push: Push): void;
}

/** A bus whose devices answer by script, on the clock of the test. */
export function createScriptedBus(
  clock: Clock,
  answer: (device: string, atMono: number) => ScriptedAnswer,
  options: ScriptedBusOptions = {},
): ScriptedBus {
  const {
    pointsPerRead = Number.POSITIVE_INFINITY,
    window = 1,
    requestMs = 0,
    answerMs = 0,
    quarantineMs = 0,
    silences = noSilences,
    deviceWindow,
  } = options;
  let onPush: (push: Push) => void = () => undefined;
  const asked: ScriptedBus['asked'] = [];
  const questionsMono: number[] = [];
  const planned: ScriptedBus['planned'] = [];
  const underWay = new Set<(failure: 'no-connection') => void>();
  const quarantined = new Map<string, number>();
  let most = 0;
  /** What the last answer said. */
  let answered: { readonly read: Read; readonly value: number } | undefined;

  function fill(read: Read, value: number): void {
    for (const reading of read.readings) Object.assign(reading, { value, quality: 'good' });
  }

  /** One request: ends by an answer, by its timeout or because the bus is closed. */
  function transact(
    device: string,
    timeoutMs: number,
    onEnd: (failure: 'no-connection' | 'timeout' | undefined, script: ScriptedAnswer) => void,
  ): void {
    const startMono = clock.monoMs();
    const script = answer(device, startMono);
    const isLate = script.takesMs - requestMs - answerMs > timeoutMs;
    const isSilent = script.isSilent || isLate;
    const settle = (failure: 'no-connection' | 'timeout' | undefined) => {
      timer.cancel();
      underWay.delete(settle);
      if (failure === 'timeout') quarantined.set(device, clock.monoMs() + quarantineMs);
      onEnd(failure, script);
    };
    const endMono = startMono + (isSilent ? requestMs + timeoutMs : script.takesMs);
    const timer = clock.at(endMono, () => settle(isSilent ? 'timeout' : undefined));
    underWay.add(settle);
    most = Math.max(most, underWay.size);
  }

  return {
    asked,
    questionsMono,
    planned,
    hadCollision: () => most > window,
    mostUnderWay: () => most,
    window,
    ...(deviceWindow !== undefined && { deviceWindow }),
    push: push => onPush(push),
    listen(handler) {
      onPush = handler;
    },
    silences,
    plan: (device, points, turnaroundMs) => {
      planned.push({ device: device.id, turnaroundMs });
      return chunks(points, pointsPerRead).map(part => ({
        device,
        label: part.map(point => point.id).join(' '),
        points: part,
        readings: createReadings(part),
        wireMs: 0,
      }));
    },
    read(read, timeoutMs, onOutcome) {
      const { id } = read.device;
      const failed = (reason: 'no-connection' | 'timeout', wasAsked: boolean) => {
        spoilReadings(read, reason);
        onOutcome({ kind: 'failed', atMono: clock.monoMs(), reason, detail: reason, wasAsked });
      };
      if (clock.monoMs() < (quarantined.get(id) ?? 0)) {
        clock.at(clock.monoMs(), () => failed('timeout', false));
        return;
      }
      asked.push({ device: id, points: read.points.map(point => point.id), atMono: clock.monoMs(), timeoutMs });
      transact(id, timeoutMs, (failure, { takesMs, value = 1 }) => {
        answered = failure ? undefined : { read, value };
        if (failure) failed(failure, true);
        else {
          if (window > 1) fill(read, value);
          onOutcome({ kind: 'answered', atMono: clock.monoMs(), responseMs: takesMs - requestMs - answerMs });
        }
      });
    },
    decode(read) {
      if (window > 1) return;
      assert(answered?.read === read, 'a read is decoded that is not the last one answered');
      fill(read, answered.value);
    },
    ask(_question, timeoutMs, onAnswer) {
      questionsMono.push(clock.monoMs());
      answered = undefined;
      transact('person', timeoutMs, (failure, { takesMs, value = 1 }) => {
        if (failure) onAnswer({ kind: 'failed', reason: failure, detail: failure });
        else onAnswer({ kind: 'raw', values: [value], responseMs: takesMs - requestMs - answerMs });
      });
    },
    restsUntilMono({ id }) {
      const untilMono = quarantined.get(id) ?? 0;
      return untilMono > clock.monoMs() ? untilMono : 0;
    },
    forget: () => {},
    async close() {
      for (const settle of [...underWay]) settle('no-connection');
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
      isCounter: false,
      recording: undefined,
      ...changes,
    };
  });
  const readLimits = { maxRegisters: 125, maxBits: 2000, maxGap: 0, barriers: [] };
  const timeoutMs = undefined;
  return {
    number: device,
    id,
    name: id,
    bus: 'b',
    profile: undefined,
    unitId: 1,
    bacnet: undefined,
    timeoutMs,
    readLimits,
    points,
  };
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
