import { type Random, seededRandom } from '../../src/base/random.ts';
import type { ModbusType, Point, Sample, SampleBatch } from '../../src/model/point.ts';

/** What a point of a plant does from one second to the next. */
type Behaviour = (value: number, random: Random) => number;

interface Kind {
  readonly type: ModbusType;
  readonly unit: string;
  readonly scale: number;
  readonly isCounter?: boolean;
  readonly first: number;
  readonly next: Behaviour;
}

/** Half of a plant is slow; of the rest, some is noise, some are switches and some are counters. Raw numbers. */
const slow: Kind = { type: 'u16', unit: '°C', scale: 0.1, first: 215, next: sometimes(1 / 40, step(1)) };
const level: Kind = { type: 'u16', unit: 'm', scale: 0.01, first: 180, next: sometimes(1 / 15, step(1)) };
const pressure: Kind = {
  type: 'u16',
  unit: 'bar',
  scale: 0.01,
  first: 450,
  next: (_, random) => 450 + noise(random, 6),
};
const voltage: Kind = {
  type: 'u16',
  unit: 'V',
  scale: 0.1,
  first: 2_300,
  next: (_, random) => 2_300 + noise(random, 12),
};
const power: Kind = {
  type: 'f32',
  unit: 'kW',
  scale: 1,
  first: 12,
  next: (_, random) => Math.fround(12 + (random.next() + random.next() - 1) * 0.4),
};
const flag: Kind = { type: 'bool', unit: '', scale: 1, first: 0, next: sometimes(1 / 300, value => 1 - value) };
const energy: Kind = {
  ...{ type: 'u32', unit: 'kWh', scale: 0.1, isCounter: true, first: 1_000_000 },
  next: sometimes(1 / 8, value => value + 1),
};

const mix: readonly Kind[] = [
  slow,
  level,
  slow,
  pressure,
  slow,
  voltage,
  slow,
  flag,
  slow,
  power,
  level,
  flag,
  slow,
  energy,
];

function sometimes(share: number, change: Behaviour): Behaviour {
  return (value, random) => (random.next() < share ? change(value, random) : value);
}

function step(size: number): Behaviour {
  return (value, random) => value + (random.next() < 0.5 ? -size : size);
}

function noise(random: Random, width: number): number {
  return Math.round((random.next() + random.next() - 1) * width);
}

/** Points that are read with one request. */
const pointsPerRead = 10;

export interface BenchPlant {
  readonly points: readonly Point[];
  /** The batches of one second, in the order in which they come; used again for the next second. */
  second(mono: number, wall: number): readonly SampleBatch[];
}

/** `restless`: every value changes every second. */
export function createBenchPlant(options: {
  devices: number;
  pointsPerDevice: number;
  isRestless: boolean;
}): BenchPlant {
  const random = seededRandom(4);
  const { devices, pointsPerDevice, isRestless } = options;
  const kinds: Kind[] = [];
  const points = Array.from({ length: devices * pointsPerDevice }, (_, number) => {
    const kind = mix[number % mix.length] ?? slow;
    kinds.push(kind);
    return pointOf(number, Math.floor(number / pointsPerDevice), kind);
  });
  const raw = Float64Array.from(kinds, ({ first }) => first);
  const batches: { device: number; offsetMs: number; samples: Sample[]; batch: SampleBatch }[] = [];
  for (let first = 0; first < points.length; first += pointsPerRead) {
    const samples = points
      .slice(first, first + pointsPerRead)
      .map((point): Sample => ({ point, value: 0, text: undefined, quality: 'good' }));
    const device = samples[0]?.point.device ?? 0;
    const batch: SampleBatch = { device, samples, isAnswered: true, sampledAt: 0, sampledAtMono: 0 };
    batches.push({ device, samples, batch, offsetMs: (device % 50) * 15 + (first % pointsPerDevice) });
  }

  function advance(number: number): number {
    const kind = kinds[number] ?? slow;
    const before = raw[number] ?? 0;
    const after = isRestless
      ? kind.type === 'f32'
        ? kind.next(before, random)
        : before + 1
      : kind.next(before, random);
    raw[number] = after;
    // As poll/scale.ts has it.
    return kind.scale === 1 ? after : after / Math.round(1 / kind.scale);
  }

  return {
    points,
    second(mono, wall) {
      for (const { batch, samples, offsetMs } of batches) {
        const jitterMs = Math.floor(random.next() * 4);
        batch.sampledAtMono = mono + offsetMs + jitterMs;
        batch.sampledAt = wall + offsetMs + jitterMs;
        for (const sample of samples) sample.value = advance(sample.point.number);
      }
      return batches.map(({ batch }) => batch);
    },
  };
}

function pointOf(number: number, device: number, { type, unit, scale, isCounter = false }: Kind): Point {
  const id = `p${number}`;
  return {
    ...{ number, key: `meter-${device}/${id}`, id, name: `Point ${number}`, device, unit, intervalMs: 1_000 },
    address: {
      ...{
        protocol: 'modbus',
        table: 'holding-register',
        address: number,
        type,
        bit: 0,
        bitCount: 1,
        registerCount: 1,
      },
      ...{ wordOrder: 'high-first', byteOrder: 'high-first', invalidWords: [] },
    },
    ...{ scale, offset: 0, invalidValues: [], states: undefined, isCounter },
    recording: { deadband: 0, longestGapMs: 300_000 },
  };
}
