import type { Device } from '../../model/device.ts';
import type { Point } from '../../model/point.ts';
import type { Lift } from '../equipment/lift.ts';
import { createTransport, type Equipment, type Plant } from '../plant.ts';
import type { ValueSink } from '../values.ts';
import { objectTypes } from './ids.ts';
import {
  createEscalatorObject,
  createGroupObject,
  createLiftObject,
  escalatorState,
  groupState,
  liftState,
  updateObject,
} from './lift-objects.ts';
import { objectKey, type SimObject } from './object.ts';
import { createPointObjects, isBacnetPoint, putRaw } from './point-objects.ts';

/** Objects of lifts, escalators and elevator groups are whole, whatever points read of them. */
const transportTypes: readonly number[] = [objectTypes.lift, objectTypes.escalator, objectTypes['elevator-group']];

/** The equipment behind the lifts and escalators of a device: the first has the device's id, and with it its faults. */
export function transportOf(device: Device): [string, Equipment][] {
  return membersOf(device).map(({ kind, equipment }) => [equipment, createTransport(kind)]);
}

interface Member {
  readonly kind: 'lift' | 'escalator';
  readonly instance: number;
  /** Id of what moves it. */
  readonly equipment: string;
}

function membersOf(device: Device): Member[] {
  const moving = instancesOf(device, objectTypes.lift).map(instance => ({ kind: 'lift' as const, instance }));
  const stairs = instancesOf(device, objectTypes.escalator).map(instance => ({ kind: 'escalator' as const, instance }));
  return [...moving, ...stairs].map((member, place) => ({
    ...member,
    equipment: place === 0 ? device.id : `${device.id}#${place}`,
  }));
}

function instancesOf(device: Device, type: number): number[] {
  const own = device.points.filter(isBacnetPoint).filter(({ address }) => address.objectType === type);
  return [...new Set(own.map(({ address }) => address.instance))].toSorted((a, b) => a - b);
}

export interface ServedObjects {
  readonly objects: readonly SimObject[];
  /** One for each device of the site. */
  readonly sinks: readonly ValueSink[];
}

/** The objects of a device, which may be several devices of the site, and how the plant moves them. */
export function serveObjects(devices: readonly Device[], plant: Plant, onShown: () => void): ServedObjects {
  const whole = plant.size > 0 ? wholeObjects(devices, plant) : [];
  const isOwn = ({ address }: Point) =>
    address.protocol === 'bacnet' && !(whole.length > 0 && transportTypes.includes(address.objectType));
  const points = devices.flatMap(device => device.points).filter(isOwn);
  const all = new Map(
    [...whole.map(({ object }) => object), ...createPointObjects(points)].map(object => [
      objectKey(object.type, object.instance),
      object,
    ]),
  );
  const put = (point: Point, raw: number | string) => {
    if (point.address.protocol !== 'bacnet' || !isOwn(point)) return;
    const object = all.get(objectKey(point.address.objectType, point.address.instance));
    if (object) putRaw(object, point, raw);
  };
  // What no equipment measures stays as it began.
  for (const [place, point] of points.entries()) put(point, place % 100);
  const show = (now: Plant) => {
    for (const { update } of whole) update(now);
    onShown();
  };
  // What is shown of the last one is shown of all.
  const sinks = devices.map((device, place) =>
    place === devices.length - 1 ? { device, put, show } : { device, put },
  );
  return { objects: [...all.values()], sinks };
}

interface WholeObject {
  readonly object: SimObject;
  readonly update: (now: Plant) => void;
}

/** The lifts, escalators and groups of a device as the standard has them; a lift that two devices of the site name is that of the first. */
function wholeObjects(devices: readonly Device[], plant: Plant): WholeObject[] {
  const named = devices.flatMap(membersOf).filter(({ equipment }) => plant.has(equipment));
  const members = [
    ...new Map(named.toReversed().map(one => [`${one.kind} ${one.instance}`, one])).values(),
  ].toReversed();
  const groups = [...new Set(devices.flatMap(device => instancesOf(device, objectTypes['elevator-group'])))];
  const lifts = members.filter(({ kind }) => kind === 'lift');
  const liftsIn = (now: Plant) => lifts.flatMap(({ equipment }) => liftOf(now, equipment) ?? []);
  const groupObjects = groups.map(instance => {
    const of = { instance, name: `group ${instance}`, lifts: lifts.map(lift => lift.instance) };
    const object = createGroupObject(of, liftsIn(plant));
    return { object, update: (now: Plant) => updateObject(object, groupState(liftsIn(now))) };
  });
  const moving = members.flatMap((member, place) => wholeMember(member, place, groups[0], plant));
  return [...moving, ...groupObjects];
}

function wholeMember(
  { instance, equipment }: Member,
  place: number,
  group: number | undefined,
  plant: Plant,
): WholeObject[] {
  const first = plant.get(equipment);
  if (first?.kind === 'lift') {
    const identity = { instance, name: `lift ${instance}`, group, installation: place + 1 };
    const object = createLiftObject(identity, first.state);
    const update = (now: Plant) => updateObject(object, liftState(liftOf(now, equipment) ?? first.state));
    return [{ object, update }];
  }
  if (first?.kind !== 'escalator') return [];
  const object = createEscalatorObject(instance, `escalator ${instance}`, first.state);
  const update = (now: Plant) => {
    const found = now.get(equipment);
    updateObject(object, escalatorState(found?.kind === 'escalator' ? found.state : first.state));
  };
  return [{ object, update }];
}

function liftOf(plant: Plant, id: string): Lift | undefined {
  const found = plant.get(id);
  return found?.kind === 'lift' ? found.state : undefined;
}
