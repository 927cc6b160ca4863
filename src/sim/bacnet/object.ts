import { objectTypes, type PropertyName, propertyIds } from './ids.ts';
import { bits, boolean, enumerated, objectId, real, type SimValue, text, unsigned } from './value.ts';

/** One value, an array with elements from 1, or a list, which is read as a whole or not at all. */
export type SimProperty =
  | { readonly kind: 'one'; readonly value: SimValue }
  | { readonly kind: 'array' | 'list'; readonly values: readonly SimValue[] };

export interface SimObject {
  readonly type: number;
  readonly instance: number;
  /** By property id, in the order in which a property-list names them. */
  readonly properties: Map<number, SimProperty>;
}

export const one = (value: SimValue): SimProperty => ({ kind: 'one', value });
export const array = (...values: readonly SimValue[]): SimProperty => ({ kind: 'array', values });
export const list = (...values: readonly SimValue[]): SimProperty => ({ kind: 'list', values });

/** Properties by the standard's name, or by number where it is a proprietary one. */
export type PropertyTable = Readonly<Partial<Record<PropertyName, SimProperty>>> &
  Readonly<Record<number, SimProperty>>;

/** An object with the three properties that every object has, and its own. */
export function createObject(type: number, instance: number, name: string, table: PropertyTable): SimObject {
  const properties = new Map<number, SimProperty>([
    [propertyIds['object-identifier'], one(objectId(type, instance))],
    [propertyIds['object-name'], one(text(name))],
    [propertyIds['object-type'], one(enumerated(type))],
  ]);
  for (const [key, property] of Object.entries(table)) properties.set(propertyIdOf(key), property);
  return { type, instance, properties };
}

function propertyIdOf(key: string): number {
  return isPropertyName(key) ? propertyIds[key] : Number(key);
}

function isPropertyName(key: string): key is PropertyName {
  return Object.hasOwn(propertyIds, key);
}

/** In alarm, fault, overridden, out of service: nothing of that. */
const allWell = bits(false, false, false, false);

/** What an input, output or value has beside its present value. */
export const healthy: PropertyTable = {
  'status-flags': one(allWell),
  'event-state': one(enumerated(0)),
  reliability: one(enumerated(0)),
  'out-of-service': one(boolean(false)),
};

export interface AnalogOptions {
  readonly type?: 'analog-input' | 'analog-output' | 'analog-value';
  /** A number of BACnetEngineeringUnits; 95, no units. */
  readonly units?: number;
  readonly covIncrement?: number;
}

export function analog(instance: number, name: string, value: number, options: AnalogOptions = {}): SimObject {
  const { type = 'analog-input', units = 95, covIncrement } = options;
  return createObject(objectTypes[type], instance, name, {
    'present-value': one(real(value)),
    ...healthy,
    units: one(enumerated(units)),
    ...(covIncrement === undefined ? {} : { 'cov-increment': one(real(covIncrement)) }),
  });
}

export function binary(
  instance: number,
  name: string,
  isActive: boolean,
  type: 'binary-input' | 'binary-output' | 'binary-value' = 'binary-input',
): SimObject {
  return createObject(objectTypes[type], instance, name, {
    'present-value': one(enumerated(isActive ? 1 : 0)),
    ...healthy,
    ...(type === 'binary-value' ? {} : { polarity: one(enumerated(0)) }),
  });
}

export function multistate(
  instance: number,
  name: string,
  state: number,
  stateTexts: readonly string[],
  type: 'multi-state-input' | 'multi-state-output' | 'multi-state-value' = 'multi-state-input',
): SimObject {
  return createObject(objectTypes[type], instance, name, {
    'present-value': one(unsigned(state)),
    ...healthy,
    'number-of-states': one(unsigned(stateTexts.length)),
    'state-text': array(...stateTexts.map(content => text(content))),
  });
}

export function accumulator(instance: number, name: string, count: number, unitsNumber = 95): SimObject {
  return createObject(objectTypes.accumulator, instance, name, {
    'present-value': one(unsigned(count)),
    ...healthy,
    // A power of ten that the count is to be multiplied with: 1.
    scale: one({ kind: 'tagged', tag: 1, value: { kind: 'signed', value: 0 } }),
    units: one(enumerated(unitsNumber)),
    'max-pres-value': one(unsigned(999_999_999)),
  });
}

export function objectKey(type: number, instance: number): string {
  return `${type}:${instance}`;
}
