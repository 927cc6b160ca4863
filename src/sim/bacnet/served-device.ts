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
  const moving = instancesOf(device, objectTypes.lift).map(instance => ['lift', instance] as const);
  const stairs = instancesOf(device, objectTypes.escalator).map(instance => ['escalator', instance] as const);
  return [...moving, ...stairs].map(([kind], place) => [equipmentId(device, place), createTransport(kind)]);
}

function equipmentId(device: Device, place: number): string {
  return place === 0 ? device.id : `${device.id}#${place}`;
}

function instancesOf(device: Device, type: number): number[] {
  const own = device.points.filter(isBacnetPoint).filter(({ address }) => address.objectType === type);
  return [...new Set(own.map(({ address }) => address.instance))].toSorted((a, b) => a - b);
}

export interface ServedObjects {
  readonly objects: readonly SimObject[];
  readonly sink: ValueSink;
}

/** The objects of a device and how the plant moves them. */
export function serveObjects(device: Device, plant: Plant, onShown: () => void): ServedObjects {
  const lifts = instancesOf(device, objectTypes.lift);
  const escalators = instancesOf(device, objectTypes.escalator);
  const groups = instancesOf(device, objectTypes['elevator-group']);
  const isMoving = lifts.length + escalators.length > 0 && plant.has(device.id);
  const isOwn = ({ address }: Point) =>
    address.protocol === 'bacnet' && !(isMoving && transportTypes.includes(address.objectType));
  const points = device.points.filter(isOwn);
  const stateAt = (now: Plant, place: number) => now.get(equipmentId(device, place));
  const liftAt = (now: Plant, place: number): Lift | undefined => {
    const found = stateAt(now, place);
    return found?.kind === 'lift' ? found.state : undefined;
  };
  const members = (now: Plant) => lifts.map((_, place) => liftAt(now, place)).filter(lift => lift !== undefined);
  const whole = isMoving ? wholeObjects() : [];
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
  return {
    objects: [...all.values()],
    sink: {
      device,
      put,
      show(now) {
        for (const { update } of whole) update(now);
        onShown();
      },
    },
  };

  function wholeObjects() {
    const group = groups[0];
    const liftObjects = lifts.flatMap((instance, place) => {
      const lift = liftAt(plant, place);
      if (!lift) return [];
      const object = createLiftObject({ instance, name: `lift ${instance}`, group, installation: place + 1 }, lift);
      const update = (now: Plant) => updateObject(object, liftState(liftAt(now, place) ?? lift));
      return [{ object, update }];
    });
    const escalatorObjects = escalators.flatMap((instance, place) => {
      const found = (now: Plant) => {
        const one = stateAt(now, lifts.length + place);
        return one?.kind === 'escalator' ? one.state : undefined;
      };
      const first = found(plant);
      if (!first) return [];
      const object = createEscalatorObject(instance, `escalator ${instance}`, first);
      return [{ object, update: (now: Plant) => updateObject(object, escalatorState(found(now) ?? first)) }];
    });
    const groupObjects = groups.map(instance => {
      const object = createGroupObject({ instance, name: `group ${instance}`, lifts }, members(plant));
      return { object, update: (now: Plant) => updateObject(object, groupState(members(now))) };
    });
    return [...liftObjects, ...escalatorObjects, ...groupObjects];
  }
}
