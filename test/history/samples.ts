import { decodeFrame, type Frame } from '../../src/history/frame.ts';
import type { ModbusAddress, ModbusType, Point, Sample, SampleBatch } from '../../src/model/point.ts';
import type { BadReason, Quality } from '../../src/model/quality.ts';

export const noon = Date.UTC(2026, 0, 1, 12);
export const minuteMs = 60_000;

export function registerOf(type: ModbusType): ModbusAddress {
  return {
    protocol: 'modbus',
    table: 'holding-register',
    address: 0,
    type,
    wordOrder: 'high-first',
    byteOrder: 'high-first',
    bit: 0,
    bitCount: 1,
    registerCount: 1,
    invalidWords: [],
  };
}

export function point(number: number, parts: Partial<Point> = {}): Point {
  return {
    ...{ number, key: `meter/p${number}`, id: `p${number}`, name: `Point ${number}`, device: 0, unit: 'kW' },
    ...{ intervalMs: 1_000, address: registerOf('u16'), scale: 1, offset: 0, invalidValues: [], states: undefined },
    ...{ isCounter: false, recording: { deadband: 0, longestGapMs: 300_000 } },
    ...parts,
  };
}

export function good(of: Point, value: number): Sample {
  return { point: of, value, text: undefined, quality: 'good' };
}

export function bad(of: Point, quality: BadReason = 'timeout'): Sample {
  return { point: of, value: Number.NaN, text: undefined, quality };
}

/** `afterMs` noon, by both clocks. */
export function batch(afterMs: number, samples: readonly Sample[], parts: Partial<SampleBatch> = {}): SampleBatch {
  return { device: 0, samples, isAnswered: true, sampledAtMono: afterMs, sampledAt: noon + afterMs, ...parts };
}

export interface Kept {
  readonly point: string;
  readonly unit: string;
  readonly at: number;
  readonly value: number;
  readonly quality: Quality;
}

export function keptIn(frame: Pick<Frame, 'body' | 'points'>): Kept[] {
  const kept: Kept[] = [];
  decodeFrame(frame.body, frame.points.length, (place, at, value, quality) => {
    const { point: key = '', unit = '' } = frame.points[place] ?? {};
    kept.push({ point: key, unit, at, value, quality });
  });
  return kept;
}
