import { objectTypeName } from '../../model/bacnet-names.ts';
import type { BacnetProperty, BacnetShown, BacnetTarget } from '../../model/bacnet-view.ts';
import type { BacnetAsker } from './bus-choice.ts';
import { deviceType, flagsOf, numberOf, properties, readValues, scaleOf, textOf, textsOf } from './read-values.ts';
import { unitName, unitSymbol } from './units.ts';
import type { ObjectName } from './words.ts';

/** One object of a device, with what it says of itself; undefined what it does not say. */
export interface ObjectRow extends ObjectName {
  /** Name of its type. */
  readonly type: string;
  readonly name: string | undefined;
  readonly value: string | undefined;
  /** `real`, `enumerated` … */
  readonly valueType: string | undefined;
  /** As the device calls it: degrees-celsius. */
  readonly units: string | undefined;
  /** Our symbol for it; empty for a number without unit, undefined where we have none. */
  readonly unit: string | undefined;
  /** Of an accumulator: by what its count is multiplied to be in its units. */
  readonly scale: number | undefined;
  readonly description: string | undefined;
  /** Those status flags that are set. */
  readonly flags: readonly string[] | undefined;
  /** What its numbers mean, where it says so. */
  readonly states: readonly (readonly [number, string])[];
}

export interface WalkOptions {
  readonly asker: BacnetAsker;
  readonly target: BacnetTarget;
  readonly instance: number;
  /** Whether it can send a long answer in segments. */
  readonly takesLong: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (label: string, done: number, total: number) => void;
}

export type Walk =
  /** `failure` says why these are not all; undefined when they are, or when the signal came. */
  | { readonly kind: 'walked'; readonly objects: readonly ObjectRow[]; readonly failure: string | undefined }
  | { readonly kind: 'failed'; readonly detail: string };

/** A device that says it has more is not believed. */
const mostObjects = 20_000;

/** Elements of the object list, and objects with their names, that one question asks for. */
const indexesAtOnce = 40;
const objectsAtOnce = 10;

/**
 * All objects of a device with name, value, units and description. The list is read in one piece where the device can, else by
 * index.
 */
export async function walkObjects(options: WalkOptions): Promise<Walk> {
  const listed = (options.takesLong ? await readWholeList(options) : undefined) ?? (await readByIndex(options));
  if (listed.kind === 'failed') return listed;
  const rows: ObjectRow[] = [];
  const names = uniqueOf(listed.objects);
  for (let at = 0; at < names.length && !options.signal.aborted; at += objectsAtOnce) {
    options.onProgress('names and values', at, names.length);
    const read = await readObjects(options, names.slice(at, at + objectsAtOnce));
    // It has been asked several times: whoever falls silent in the middle would be waited for a hundred times more.
    if (typeof read === 'string')
      return { kind: 'walked', objects: rows, failure: `${read} after ${at} of ${names.length}` };
    rows.push(...read);
  }
  return { kind: 'walked', objects: rows, failure: undefined };
}

type Listed =
  | { readonly kind: 'listed'; readonly objects: readonly ObjectName[] }
  | { readonly kind: 'failed'; readonly detail: string };

function listProperty({ instance }: WalkOptions, index?: number): BacnetProperty {
  return { objectType: deviceType, instance, property: properties.objectList, ...(index !== undefined && { index }) };
}

async function readWholeList(options: WalkOptions): Promise<Listed | undefined> {
  options.onProgress('object list', 0, 1);
  const read = await readValues(options.asker, options.target, [listProperty(options)], options.timeoutMs);
  const [shown] = read.kind === 'read' ? read.values : [];
  return shown?.kind === 'values' ? { kind: 'listed', objects: objectsOf(shown) } : undefined;
}

async function readByIndex(options: WalkOptions): Promise<Listed> {
  const { asker, target, timeoutMs, signal, onProgress } = options;
  const head = await readValues(asker, target, [listProperty(options, 0)], timeoutMs);
  if (head.kind === 'failed') return head;
  const count = numberOf(head.values[0]);
  if (count === undefined) return { kind: 'failed', detail: `no object list: ${refusalOf(head.values[0])}` };
  if (count > mostObjects) return { kind: 'failed', detail: `it says that it has ${count} objects` };
  const objects: ObjectName[] = [];
  for (let first = 1; first <= count && !signal.aborted; first += indexesAtOnce) {
    onProgress('object list', first - 1, count);
    const length = Math.min(indexesAtOnce, count - first + 1);
    const asked = Array.from({ length }, (_, index) => listProperty(options, first + index));
    const read = await readValues(asker, target, asked, timeoutMs);
    if (read.kind === 'failed') return read;
    for (const shown of read.values) objects.push(...objectsOf(shown));
  }
  return { kind: 'listed', objects };
}

function refusalOf(shown: BacnetShown | undefined): string {
  return shown?.kind === 'refused' ? shown.text : 'it gives no number';
}

function objectsOf(shown: BacnetShown): ObjectName[] {
  return shown.kind === 'values' ? shown.values.flatMap(({ object }) => (object ? [object] : [])) : [];
}

/** A list that changes while it is read by index shows an object twice. */
function uniqueOf(objects: readonly ObjectName[]): ObjectName[] {
  return [...new Map(objects.map(one => [`${one.objectType} ${one.instance}`, one])).values()];
}

/** The reason where nothing was answered. */
async function readObjects(options: WalkOptions, objects: readonly ObjectName[]): Promise<ObjectRow[] | string> {
  const asked = objects.flatMap(({ objectType, instance }) =>
    propertiesOf(objectType).map(property => ({ objectType, instance, property })),
  );
  const read = await readValues(options.asker, options.target, asked, options.timeoutMs);
  if (read.kind === 'failed') return read.detail;
  const { values } = read;
  let at = 0;
  return objects.map(object => {
    const own = propertiesOf(object.objectType);
    const shown = new Map(own.map((property, index) => [property, values[at + index]]));
    at += own.length;
    return rowOf(object, shown);
  });
}

const accumulatorType = 23;
const analogTypes: readonly number[] = [0, 1, 2, 12, 24, 45, 46, 48];
const binaryTypes: readonly number[] = [3, 4, 5];
const multiStateTypes: readonly number[] = [13, 14, 19];
/** Devices, files, lifts and the like: they have no present value. */
const typesWithoutValue: readonly number[] = [8, 9, 10, 15, 16, 20, 25, 27, 29, 56, 57, 58, 59];

/** What is worth asking an object of a type: what it cannot have costs a device time. */
function propertiesOf(objectType: number): readonly number[] {
  const { objectName, presentValue, description, statusFlags, units, activeText, inactiveText, stateText } = properties;
  if (typesWithoutValue.includes(objectType)) return [objectName, description];
  const usual = [objectName, description, presentValue, statusFlags];
  if (objectType === accumulatorType) return [...usual, units, properties.scale];
  if (analogTypes.includes(objectType)) return [...usual, units];
  if (binaryTypes.includes(objectType)) return [...usual, inactiveText, activeText];
  return multiStateTypes.includes(objectType) ? [...usual, stateText] : usual;
}

function rowOf(object: ObjectName, shown: ReadonlyMap<number, BacnetShown | undefined>): ObjectRow {
  const of = (property: number) => shown.get(property);
  const units = numberOf(of(properties.units));
  const value = of(properties.presentValue);
  return {
    ...object,
    type: objectTypeName(object.objectType),
    name: textOf(of(properties.objectName)),
    value: textOf(value),
    valueType: value?.kind === 'values' ? value.values[0]?.type : undefined,
    units: units === undefined ? undefined : unitName(units),
    unit: units === undefined ? undefined : unitSymbol(units),
    scale: scaleOf(of(properties.scale)),
    description: textOf(of(properties.description)),
    flags: flagsOf(of(properties.statusFlags)),
    states: statesOf(shown),
  };
}

/** Of two states 0 and 1, of several 1 and up. */
function statesOf(shown: ReadonlyMap<number, BacnetShown | undefined>): (readonly [number, string])[] {
  const ofMany = textsOf(shown.get(properties.stateText)).map((text, index) => [index + 1, text] as const);
  const [off, on] = [textOf(shown.get(properties.inactiveText)), textOf(shown.get(properties.activeText))];
  const ofTwo = off !== undefined && on !== undefined ? ([[0, off] as const, [1, on] as const] as const) : [];
  return [...ofMany, ...ofTwo].filter(([, text]) => text.trim() !== '');
}
