import { objectTypes, propertyIds } from './ids.ts';
import { array, createObject, objectKey, one, type SimObject, type SimProperty } from './object.ts';
import { bits, enumerated, objectId, type SimValue, text, unsigned } from './value.ts';

/** What a device says of itself and of how it takes requests. */
export interface DeviceFacts {
  readonly instance: number;
  readonly name: string;
  readonly vendorId: number;
  readonly vendor: string;
  readonly model: string;
  /** The longest APDU it takes and sends: 50, 128, 206, 480, 1024 or 1476. */
  readonly maxApdu: number;
  readonly segmentation: Segmentation;
  /** Most segments of a request that it says it takes. */
  readonly maxSegments: number;
}

export type Segmentation = 'both' | 'transmit' | 'receive' | 'none';
export const segmentationCodes: Readonly<Record<Segmentation, number>> = { both: 0, transmit: 1, receive: 2, none: 3 };

/** The objects of one device, its device object among them. */
export interface ObjectTable {
  readonly facts: DeviceFacts;
  readonly all: ReadonlyMap<string, SimObject>;
  /** Undefined where there is no such object. Instance 4194303 means the device object, whatever its number. */
  find(type: number, instance: number): SimObject | undefined;
  /** The property now; object-list and property-list follow from what is there. */
  property(object: SimObject, id: number): SimProperty | undefined;
  /** What ALL, REQUIRED and OPTIONAL mean for an object. */
  propertiesOf(object: SimObject, which: 'all' | 'required' | 'optional'): readonly number[];
}

/** Stands for the device object of whoever is asked. */
const anyDevice = 4_194_303;

export function createObjectTable(facts: DeviceFacts, objects: readonly SimObject[]): ObjectTable {
  const device = createDeviceObject(facts);
  const all = new Map([device, ...objects].map(object => [objectKey(object.type, object.instance), object]));
  const objectList = array(...[...all.values()].map(({ type, instance }) => objectId(type, instance)));
  const property = (object: SimObject, id: number): SimProperty | undefined => {
    if (id === propertyIds['property-list']) return array(...listed(object).map(enumerated));
    if (id === propertyIds['object-list'] && object === device) return objectList;
    return object.properties.get(id);
  };
  return {
    facts,
    all,
    find: (type, instance) =>
      type === objectTypes.device && instance === anyDevice ? device : all.get(objectKey(type, instance)),
    property,
    propertiesOf(object, which) {
      const ids = [...object.properties.keys(), ...(object === device ? [propertyIds['object-list']] : [])];
      if (which === 'all') return ids;
      return ids.filter(id => isRequired(object.type, id) === (which === 'required'));
    },
  };
}

const identity: readonly number[] = [
  propertyIds['object-identifier'],
  propertyIds['object-name'],
  propertyIds['object-type'],
];

/** A property-list leaves out what every object has. */
function listed(object: SimObject): number[] {
  const own = [...object.properties.keys()].filter(id => !identity.includes(id));
  return object.type === objectTypes.device ? [...own, propertyIds['object-list']] : own;
}

const optionalProperties = new Set<number>(
  (
    [
      ...(['description', 'reliability', 'cov-increment', 'state-text', 'active-cov-subscriptions'] as const),
      ...(['max-segments-accepted', 'car-door-text', 'floor-text', 'assigned-landing-calls'] as const),
      ...(['making-car-call', 'registered-car-call', 'car-assigned-direction', 'car-door-command'] as const),
      ...(['car-door-zone', 'car-mode', 'car-load', 'car-load-units', 'next-stopping-floor'] as const),
      ...(['energy-meter', 'car-drive-status', 'landing-door-status', 'landing-calls', 'escalator-mode'] as const),
    ] as const
  ).map(name => propertyIds[name]),
);

function isRequired(type: number, id: number): boolean {
  // Proprietary properties are never required; the flags of a value object are optional in the standard.
  if (id >= 512) return false;
  if (type === objectTypes['binary-value'] && id === propertyIds.polarity) return false;
  return !optionalProperties.has(id);
}

/** Services that are answered: SubscribeCOV, ReadProperty, ReadPropertyMultiple, I-Am, COV notifications, Who-Is … */
const servedServices = [5, 12, 14, 26, 27, 28, 34];
const serviceCount = 41;
const typeCount = 60;

function createDeviceObject(facts: DeviceFacts): SimObject {
  const flags = (count: number, on: readonly number[]): SimValue =>
    bits(...Array.from({ length: count }, (_, index) => on.includes(index)));
  return createObject(objectTypes.device, facts.instance, facts.name, {
    'system-status': one(enumerated(0)),
    'vendor-name': one(text(facts.vendor)),
    'vendor-identifier': one(unsigned(facts.vendorId)),
    'model-name': one(text(facts.model)),
    'firmware-revision': one(text('simulated')),
    'application-software-version': one(text('1')),
    'protocol-version': one(unsigned(1)),
    'protocol-revision': one(unsigned(19)),
    'protocol-services-supported': one(flags(serviceCount, servedServices)),
    'protocol-object-types-supported': one(flags(typeCount, Object.values(objectTypes))),
    'max-apdu-length-accepted': one(unsigned(facts.maxApdu)),
    'segmentation-supported': one(enumerated(segmentationCodes[facts.segmentation])),
    ...(facts.segmentation === 'none' ? {} : { 'max-segments-accepted': one(unsigned(facts.maxSegments)) }),
    'apdu-timeout': one(unsigned(3_000)),
    'number-of-apdu-retries': one(unsigned(3)),
    'device-address-binding': { kind: 'list', values: [] },
    'database-revision': one(unsigned(1)),
  });
}
