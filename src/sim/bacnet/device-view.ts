import type { BacnetFaults } from './bacnet-fault.ts';
import { type ObjectTable, segmentationCodes } from './device-objects.ts';
import { objectTypes, propertyIds } from './ids.ts';
import { one, type SimObject, type SimProperty } from './object.ts';
import { bits, boolean, enumerated, objectId } from './value.ts';

/** No sensor, of BACnetReliability. */
const noSensor = 1;

/** The objects of a device as its faults let it say them. */
export function viewThrough(table: ObjectTable, faults: BacnetFaults, neighbour: number): ObjectTable {
  const isBroken = faults.has('sensor-fault');
  const isOut = faults.has('out-of-service');
  const isDouble = faults.has('duplicate-id');
  const isWhole = faults.has('no-segmentation');
  if (!isBroken && !isOut && !isDouble && !isWhole) return table;
  const ofValue = (id: number, property: SimProperty): SimProperty => {
    if (id === propertyIds['status-flags'] && (isBroken || isOut)) return one(bits(isBroken, isBroken, false, isOut));
    if (id === propertyIds.reliability && isBroken) return one(enumerated(noSensor));
    if (id === propertyIds['out-of-service'] && isOut) return one(boolean(true));
    return property;
  };
  const ofDevice = (id: number, property: SimProperty): SimProperty => {
    if (id === propertyIds['object-identifier'] && isDouble) return one(objectId(objectTypes.device, neighbour));
    if (id === propertyIds['segmentation-supported'] && isWhole) return one(enumerated(segmentationCodes.none));
    return property;
  };
  const facts = {
    ...table.facts,
    ...(isDouble ? { instance: neighbour } : {}),
    ...(isWhole ? { segmentation: 'none' as const } : {}),
  };
  return {
    ...table,
    facts,
    find: (type, instance) =>
      type === objectTypes.device && isDouble && instance === neighbour
        ? table.find(type, table.facts.instance)
        : table.find(type, instance),
    property(object: SimObject, id: number) {
      const property = table.property(object, id);
      if (!property) return undefined;
      return object.type === objectTypes.device ? ofDevice(id, property) : ofValue(id, property);
    },
  };
}
