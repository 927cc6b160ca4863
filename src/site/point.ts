import { parseDuration } from '../base/duration.ts';
import type { Address, ModbusAddress, ModbusTable, ModbusType, Point, Recording } from '../model/point.ts';
import { isText, isTwoState, modbusTables } from '../model/point.ts';
import { findUnit, quantityOf } from '../model/unit.ts';
import { type BacnetDefaults, buildBacnetAddress, replacedParts } from './bacnet-point.ts';
import { findingOfComputed, firstFinding } from './point-checks.ts';
import type { Place, Problems } from './problem.ts';
import { toUnitOf } from './quantity.ts';
import type { RawPoint } from './schema.ts';
import { descend, placeOf, type Tree } from './tree.ts';

/** A point as the files describe it: the profile's fields with the site file's laid over them. */
export interface PointDraft {
  readonly raw: RawPoint;
  /** Where it is described, the site file first. */
  readonly trees: readonly Tree[];
  /** False when something in it was already found wrong. */
  readonly isWhole: boolean;
}

/** The profile's point with the fields that the site file gives; an address given anew replaces the old one. */
export function mergePoint(base: PointDraft, { raw, trees, isWhole }: PointDraft): PointDraft {
  const merged: RawPoint = { ...base.raw };
  if (modbusTables.some(table => raw[table] !== undefined)) {
    for (const table of modbusTables) delete merged[table];
  }
  for (const key of replacedParts(raw)) delete merged[key];
  return { raw: { ...merged, ...raw }, trees: [...trees, ...base.trees], isWhole };
}

/** Where a field of the point is written; the point itself when it is written nowhere. */
export function placeOfField(draft: PointDraft, field: string): Place {
  for (const tree of draft.trees) {
    const found = descend(tree, [field]);
    if (found) return placeOf(found);
  }
  const [first] = draft.trees;
  return first ? placeOf(first) : { file: '', line: 1, column: 1, text: '' };
}

/** What a profile or device says for points that say nothing themselves. */
export interface PointDefaults {
  readonly interval: string;
  readonly wordOrder: ModbusAddress['wordOrder'];
  readonly byteOrder: ModbusAddress['byteOrder'];
  readonly invalid: Partial<Record<ModbusType, readonly number[]>>;
  /** Undefined for a device that does not speak BACnet. */
  readonly bacnet: BacnetDefaults | undefined;
}

/** The point, or undefined with the reasons among the problems. */
export function buildPoint(
  draft: PointDraft,
  defaults: PointDefaults,
  identity: { readonly number: number; readonly key: string; readonly device: number },
  problems: Problems,
): Point | undefined {
  const { raw } = draft;
  // The first finding is enough: the checks build on each other, and what follows a wrong type would only be noise.
  const finding = firstFinding(raw, defaults.bacnet ? 'bacnet' : 'modbus');
  if (finding) {
    const place = placeOfField(draft, finding.field);
    if (draft.isWhole) problems.error(place, `point "${raw.id}": ${finding.message}`, finding.hint);
    return undefined;
  }
  const address = buildAddress(raw, defaults);
  const type = address.protocol === 'modbus' ? address.type : undefined;
  const point: Point = {
    ...identity,
    id: raw.id,
    name: raw.name ?? raw.id,
    unit: raw.unit === undefined ? '' : (findUnit(raw.unit) ?? ''),
    intervalMs: parseDuration(raw.interval ?? defaults.interval) ?? 0,
    address,
    scale: raw.scale ?? 1,
    offset: raw.offset ?? 0,
    invalidValues: isPartOfRegister(raw)
      ? []
      : (raw.invalid ?? (type && defaults.invalid[type]) ?? []).map(value => asDecoded(value, type)),
    states: buildStates(raw, type === undefined ? isTwoState({ address }) : type === 'bool'),
    isCounter:
      raw.counter ?? /energy$/.test(quantityOf(raw.unit === undefined ? '' : (findUnit(raw.unit) ?? '')) ?? ''),
    recording: undefined,
  };
  return { ...point, recording: buildRecording(draft, point, problems) };
}

/** The point that an expression makes; undefined, with the reason among the problems, when it is described wrongly. */
export function buildComputedPoint(
  draft: PointDraft,
  identity: { readonly number: number; readonly key: string; readonly device: number; readonly intervalMs: number },
  problems: Problems,
): Point | undefined {
  const { raw } = draft;
  const finding = findingOfComputed(raw);
  if (finding) {
    problems.error(placeOfField(draft, finding.field), `point "${raw.id}": ${finding.message}`, finding.hint);
    return undefined;
  }
  const unit = raw.unit === undefined ? '' : (findUnit(raw.unit) ?? '');
  const point: Point = {
    ...identity,
    id: raw.id,
    name: raw.name ?? raw.id,
    unit,
    address: { protocol: 'computed' },
    scale: 1,
    offset: 0,
    invalidValues: [],
    states: buildStates(raw, false),
    isCounter: raw.counter ?? false,
    recording: undefined,
  };
  return { ...point, recording: buildRecording(draft, point, problems) };
}

/** How often a value that does not move is kept, unless the point says otherwise. */
const defaultGap = '5m';

function buildRecording(draft: PointDraft, point: Point, problems: Problems): Recording | undefined {
  const { record } = draft.raw;
  if (record === 'off' || isText(point)) return undefined;
  const longestGapMs = parseDuration(record?.every ?? defaultGap) ?? 0;
  if (record?.deadband === undefined) return { deadband: 0, longestGapMs };
  const converted = toUnitOf(point, record.deadband, 'difference');
  if (converted.kind === 'value' && converted.value >= 0) return { deadband: converted.value, longestGapMs };
  const { message, hint } =
    converted.kind === 'wrong' ? converted : { message: 'it is negative', hint: 'write a deadband of 0 or more' };
  problems.error(placeOfField(draft, 'record'), `point "${point.id}", deadband of record: ${message}`, hint);
  return undefined;
}

function tableOf(raw: RawPoint): ModbusTable | undefined {
  return modbusTables.find(table => raw[table] !== undefined);
}

function buildAddress(raw: RawPoint, defaults: PointDefaults): Address {
  if (raw.measure !== undefined) return { protocol: 'self', measure: raw.measure };
  if (defaults.bacnet) return buildBacnetAddress(raw, defaults.bacnet);
  const table = tableOf(raw) ?? 'holding-register';
  const type = raw.type === undefined || raw.type === 'text' ? 'bool' : raw.type;
  return {
    protocol: 'modbus',
    table,
    address: raw[table] ?? 0,
    type,
    wordOrder: raw['word-order'] ?? defaults.wordOrder,
    byteOrder: raw['byte-order'] ?? defaults.byteOrder,
    bit: raw.bit ?? 0,
    bitCount: raw['bit-count'] ?? 1,
    registerCount: raw.length ?? registersOf(type),
    invalidWords: isPartOfRegister(raw) ? (raw.invalid ?? defaults.invalid.u16 ?? []) : [],
  };
}

/** A device that has nothing to say fills the whole register with ones: no bit of it may pass for an alarm. */
function isPartOfRegister(raw: RawPoint): boolean {
  return tableOf(raw)?.endsWith('register') === true && (raw.type === 'bool' || raw.type === 'bits');
}

const registerCounts: Partial<Record<ModbusType, number>> = { u32: 2, s32: 2, f32: 2, u64: 4, s64: 4, f64: 4 };

/** Registers that a value of this type takes; a string's length is its own. */
function registersOf(type: ModbusType): number {
  return registerCounts[type] ?? 1;
}

/** 0x8000 in a list of raw numbers means the bits: as an s16 they are decoded as -32768, so that is what is compared. */
function asDecoded(value: number, type: ModbusType | undefined): number {
  if (type === 's16' && value > 0x7fff) return value - 2 ** 16;
  if (type === 's32' && value > 0x7fffffff) return value - 2 ** 32;
  return type === 'f32' ? Math.fround(value) : value;
}

const switchStates: ReadonlyMap<number, string> = new Map([
  [0, 'off'],
  [1, 'on'],
]);

function buildStates(raw: RawPoint, isSwitch: boolean): ReadonlyMap<number, string> | undefined {
  if (raw.states) return new Map(Object.entries(raw.states).map(([value, text]) => [Number(value), text]));
  return isSwitch ? switchStates : undefined;
}
