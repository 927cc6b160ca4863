import type { BacnetPlace } from '../../model/bacnet-view.ts';
import type { ObjectRow } from './object-list.ts';

/** A device as it is to stand in the site file. */
export interface DeviceDraft {
  readonly id: string;
  readonly name: string;
  readonly bus: string;
  /** The port that a device has in the site file where its address says none. */
  readonly busPort: number;
  readonly instance: number;
  /** Where it is, when the gateway is not to look for it. */
  readonly place: BacnetPlace | undefined;
  readonly points: readonly PointDraft[];
}

export interface PointDraft {
  readonly id: string;
  readonly name: string;
  /** `analog-input 3` */
  readonly object: string;
  /** Other keys, as they are to be written: `property`, `unit`, `states` … */
  readonly keys: readonly (readonly [string, string | number | boolean | readonly (readonly [number, string])[]])[];
  /** What the person has to know who reads it. */
  readonly remark: string | undefined;
}

/** What a site file takes. */
const longestId = 40;
const longestName = 80;
const longestState = 80;

/** Objects that hold a number or a text, and those of which several properties are worth a point. */
const valueTypes: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 12, 13, 14, 19, 23, 24, 39, 45, 46, 48]);
const textTypes: ReadonlySet<number> = new Set([40]);
const accumulatorType = 23;

interface Part {
  readonly id: string;
  readonly name: string;
  readonly keys: PointDraft['keys'];
}

/** Of lifts and escalators (ANSI/ASHRAE 135-2016 clauses 12.58 to 12.60): what people watch. */
const equipmentParts: Readonly<Record<number, readonly Part[]>> = {
  57: [
    {
      id: 'landing-calls',
      name: 'landing calls',
      keys: [
        ['property', 'landing-calls'],
        ['count', true],
      ],
    },
  ],
  58: [
    { id: 'operation-direction', name: 'direction', keys: [['property', 'operation-direction']] },
    { id: 'escalator-mode', name: 'mode', keys: [['property', 'escalator-mode']] },
    { id: 'passenger-alarm', name: 'passenger alarm', keys: [['property', 'passenger-alarm']] },
    {
      id: 'faults',
      name: 'faults',
      keys: [
        ['property', 'fault-signals'],
        ['count', true],
      ],
    },
  ],
  59: [
    { id: 'car-position', name: 'car position', keys: [['property', 'car-position']] },
    { id: 'car-moving-direction', name: 'direction', keys: [['property', 'car-moving-direction']] },
    {
      id: 'car-door',
      name: 'car door 1',
      keys: [
        ['property', 'car-door-status'],
        ['index', 1],
      ],
    },
    { id: 'passenger-alarm', name: 'passenger alarm', keys: [['property', 'passenger-alarm']] },
    {
      id: 'faults',
      name: 'faults',
      keys: [
        ['property', 'fault-signals'],
        ['count', true],
      ],
    },
  ],
};

/** Whether an object can be a point, or several. */
function canBePoint({ objectType }: Pick<ObjectRow, 'objectType'>): boolean {
  return valueTypes.has(objectType) || textTypes.has(objectType) || equipmentParts[objectType] !== undefined;
}

/** Points of these objects, with ids that are unique among them. */
export function draftPoints(objects: readonly ObjectRow[]): PointDraft[] {
  const taken = new Set<string>();
  return objects.filter(canBePoint).flatMap(row => {
    const name = (row.name ?? `${row.type} ${row.instance}`).trim() || `${row.type} ${row.instance}`;
    const base = idOf(name, `${row.type}-${row.instance}`);
    const parts = equipmentParts[row.objectType];
    if (!parts) return [{ ...valuePoint(row), id: uniqueId(base, taken), name: cut(name, longestName) }];
    return parts.map(part => ({
      id: uniqueId(`${base.slice(0, longestId - part.id.length - 1)}-${part.id}`, taken),
      name: cut(`${name}, ${part.name}`, longestName),
      object: `${row.type} ${row.instance}`,
      keys: part.keys,
      remark: undefined,
    }));
  });
}

function valuePoint(row: ObjectRow): Omit<PointDraft, 'id' | 'name'> {
  const object = `${row.type} ${row.instance}`;
  if (textTypes.has(row.objectType)) return { object, keys: [['type', 'text']], remark: undefined };
  const keys: (readonly [string, string | number | boolean | readonly (readonly [number, string])[]])[] = [];
  if (row.scale !== undefined && row.scale !== 1) keys.push(['scale', row.scale]);
  if (row.unit) keys.push(['unit', row.unit]);
  const states = statesOf(row);
  if (states.length > 0) keys.push(['states', states]);
  if (row.objectType === accumulatorType) keys.push(['counter', true]);
  const isForeign = row.units !== undefined && row.unit === undefined;
  return {
    object,
    keys,
    remark: isForeign ? `the device says ${row.units}, for which there is no unit here` : undefined,
  };
}

/** Only where each text says one thing: two states of one name could not be told apart. */
function statesOf({ states }: ObjectRow): (readonly [number, string])[] {
  const short = states.map(([number, text]) => [number, cut(text.trim(), longestState)] as const);
  const texts = new Set(short.map(([, text]) => text));
  return texts.size === short.length ? short : [];
}

/** An id made of a name: what a site file cannot take becomes a hyphen. @param otherwise where nothing is left of it */
export function idOf(name: string, otherwise: string): string {
  const id = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, longestId)
    .replace(/-+$/, '');
  // Half a name made of a Chinese one says nothing: `1` of 1号冷水机.
  const isWhole = /^[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]*$/u.test(name);
  return isWhole && /[a-z]/.test(id) ? id : otherwise.slice(0, longestId);
}

export function uniqueId(id: string, taken: Set<string>): string {
  let unique = id;
  for (let count = 2; taken.has(unique); count += 1) {
    unique = `${id.slice(0, longestId - String(count).length - 1)}-${count}`;
  }
  taken.add(unique);
  return unique;
}

function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
