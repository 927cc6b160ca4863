/** What can go wrong between a BACnet device and the one who asks it, each in one line for people. */
export const bacnetFaults = {
  silent: 'hears everything and never answers',
  late: 'answers after the timeout',
  lossy: 'loses a third of its answers',
  busy: 'aborts every request: out of resources',
  abort: 'aborts every request without a reason',
  'abort-big': 'aborts every request whose answer is longer than 100 octets: buffer overflow',
  reject: 'rejects every request: unrecognized service',
  error: 'answers every request with the error device, operational problem',
  'no-rpm': 'knows no ReadPropertyMultiple',
  'no-segmentation': 'sends no answer in segments',
  'small-segments': 'sends segments of 50 octets, one at a time',
  'wide-window': 'sends segments of 50 octets, up to 127 at a time',
  'one-segment': 'sends every answer as segments, also where there is only one',
  'segment-lost': 'loses every third segment the first time',
  'segments-reordered': 'sends the segments of a window backwards',
  'segments-doubled': 'sends every segment twice',
  'segments-stop': 'stops in the middle of every segmented answer',
  'wrong-peer': 'its answers come from another host',
  'wrong-port': 'its answers come from another port of its host',
  'wrong-network': 'its answers name a device behind a router that nobody asked',
  'wrong-object': 'answers about the object with the next instance',
  'wrong-property': 'answers about the property with the next number',
  'wrong-index': 'answers about the next element of an array',
  'wrong-invoke-id': 'answers under the invoke id that comes next',
  'wrong-service': 'acknowledges another service than was asked',
  duplicated: 'sends every answer twice',
  'duplicated-late': 'sends every answer again after a pause',
  damaged: 'one bit of every answer is wrong',
  torn: 'sends the beginning of every answer in a datagram of the right length',
  'ten-bytes': 'sends a segment that nobody asked for before every answer',
  'duplicate-id': 'says that it is its neighbour: one device instance twice',
  'i-am-flood': 'says a thousand times a second that it is some device',
  'cov-stops': 'takes subscriptions and never says a word',
  'cov-refused': 'refuses every subscription',
  'cov-repeated': 'sends every change twice',
  'cov-wrong-process': 'sends changes under a process id that nobody gave it',
  restart: 'is without power, and has forgotten its subscriptions when it is back',
  moved: 'is at another port until it is mended; a broadcast Who-Is finds it there',
  'sensor-fault': 'says of all its values that their sensor is broken',
  'out-of-service': 'says of all its objects that they are out of service',
} as const;

export type BacnetFault = keyof typeof bacnetFaults;

export type BacnetFaults = ReadonlySet<BacnetFault>;

export function isBacnetFault(name: string): name is BacnetFault {
  return Object.hasOwn(bacnetFaults, name);
}

export function allBacnetFaults(): BacnetFault[] {
  return Object.keys(bacnetFaults).filter(isBacnetFault);
}
