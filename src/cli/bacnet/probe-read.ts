import { PlantroomError } from '../../base/errors.ts';
import { formatBacnetAddress } from '../../model/bacnet-names.ts';
import type { BacnetShown, BacnetShownValue } from '../../model/bacnet-view.ts';
import { describeAsker } from '../modbus/asker.ts';
import { explainRefusal, failureOf } from './failures.ts';
import type { ProbeTarget } from './probe-target.ts';
import { flagsOf, numberOf, properties, textOf, textsOf } from './read-values.ts';
import { unitName } from './units.ts';
import type { ObjectName, PropertyName } from './words.ts';

export interface BacnetProbe extends ProbeTarget {
  readonly object: ObjectName;
  readonly property: PropertyName;
  readonly timeoutMs: number;
}

/** What a property says, and what its object says of itself; null what it does not say. */
export interface ProbedValue {
  readonly values: readonly BacnetShownValue[];
  /** What a number of states means. */
  readonly state: string | null;
  readonly name: string | null;
  readonly description: string | null;
  readonly units: string | null;
  readonly statusFlags: readonly string[] | null;
  readonly reliability: string | null;
  readonly outOfService: boolean | null;
  readonly responseMs: number;
  readonly points: readonly { readonly key: string; readonly unit: string; readonly value: number | null }[];
}

/** @throws PlantroomError when there is no answer, or the device refuses to tell this property */
export async function takeProbe(probe: BacnetProbe): Promise<ProbedValue> {
  const { asker, target, object, property, timeoutMs } = probe;
  const beside = [...alwaysBeside, ...besideOf(object.objectType)];
  const asked = [{ ...object, ...property }, ...beside.map(one => ({ ...object, property: one, index: undefined }))];
  const answer = await asker.ask({ kind: 'bacnet-read', target, properties: asked }, timeoutMs);
  if (answer.kind !== 'bacnet-values') throw failureOf(answer, asker, probe.label);
  const [wanted, ...others] = answer.values;
  if (wanted?.kind !== 'values') throw refused(probe, wanted);
  const shown = new Map(beside.map((one, index) => [one, others[index]]));
  return { ...probedOf(probe, wanted.values, shown), responseMs: answer.responseMs };
}

const alwaysBeside: readonly number[] = [
  properties.objectName,
  properties.description,
  properties.units,
  properties.statusFlags,
  properties.reliability,
  properties.outOfService,
];

/** Texts of the states of binary and multi-state objects. */
function besideOf(objectType: number): readonly number[] {
  if ([3, 4, 5].includes(objectType)) return [properties.inactiveText, properties.activeText];
  return [13, 14, 19].includes(objectType) ? [properties.stateText] : [];
}

function probedOf(
  { object, property, points }: BacnetProbe,
  values: readonly BacnetShownValue[],
  shown: ReadonlyMap<number, BacnetShown | undefined>,
): Omit<ProbedValue, 'responseMs'> {
  const of = (id: number) => shown.get(id);
  const units = numberOf(of(properties.units));
  const reliability = numberOf(of(properties.reliability));
  const outOfService = textOf(of(properties.outOfService));
  const number = values.length === 1 ? (values[0]?.number ?? null) : null;
  return {
    values,
    state: property.property === properties.presentValue && number !== null ? stateOf(number, shown) : null,
    name: textOf(of(properties.objectName)) ?? null,
    description: textOf(of(properties.description)) ?? null,
    units: units === undefined ? null : unitName(units),
    statusFlags: flagsOf(of(properties.statusFlags)) ?? null,
    reliability: reliability === undefined ? null : reliabilityName(reliability),
    outOfService: outOfService === undefined ? null : outOfService === 'true',
    points: points
      .filter(({ address }) => isSame(address, object, property))
      .map(({ key, unit, scale, offset, address }) => ({
        key,
        unit,
        value: number !== null && address.part.kind === 'whole' ? number * scale + offset : null,
      })),
  };
}

function isSame(
  address: ProbeTarget['points'][number]['address'],
  object: ObjectName,
  { property, index }: PropertyName,
): boolean {
  const { objectType, instance } = address;
  const isObject = objectType === object.objectType && instance === object.instance;
  return isObject && address.property === property && address.index === index;
}

function stateOf(number: number, shown: ReadonlyMap<number, BacnetShown | undefined>): string | null {
  const states = textsOf(shown.get(properties.stateText));
  if (states.length > 0) return states[number - 1] ?? null;
  const text = shown.get(number === 1 ? properties.activeText : properties.inactiveText);
  return textOf(text) ?? null;
}

/** BACnetReliability, as the standard calls them. */
const reliabilities = [
  ...['no-fault-detected', 'no-sensor', 'over-range', 'under-range', 'open-loop', 'shorted-loop', 'no-output'],
  ...['unreliable-other', 'process-error', 'multi-state-fault', 'configuration-error', undefined],
  ...['communication-failure', 'member-fault', 'monitored-object-fault', 'tripped', 'lamp-failure'],
  ...['activation-failure', 'renew-dhcp-failure', 'renew-fd-registration-failure', 'restart-auto-negotiation-failure'],
  ...['restart-failure', 'proprietary-command-failure', 'faults-listed', 'referenced-object-fault'],
];

function reliabilityName(number: number): string {
  return reliabilities[number] ?? `reliability ${number}`;
}

function refused(probe: BacnetProbe, shown: BacnetShown | undefined): PlantroomError {
  const { asker, label, object, property } = probe;
  const what = formatBacnetAddress({ ...object, ...property });
  const text = shown?.kind === 'refused' ? shown.text : 'not answered';
  const { words, hint } = explainRefusal(text);
  return new PlantroomError(`${label} on ${describeAsker(asker)}: ${what}: ${words} (${text})`, {
    kind: /unknown-(object|property)/.test(text) ? 'not-found' : 'network',
    hint,
  });
}
