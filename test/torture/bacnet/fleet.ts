import type { DeviceOptions } from './plant.ts';
import { analogSpot, bitsSpot, liftSpots, longListSpot, type Spot, stateSpot, textSpot } from './truth.ts';

const plain = { increment: undefined };
const own = { increment: 0 };

function analogs(
  firstOwner: number,
  count: number,
  covOf: (place: number) => Spot['points'][number]['address']['cov'],
) {
  return Array.from({ length: count }, (_, place) => analogSpot(firstOwner + place, place + 1, covOf(place)));
}

/**
 * One device of each kind that the driver treats in its own way. Their numbers differ in many bits, so that damage makes no device
 * of one into another one of them; their objects have the same numbers, so that a value of another device is not told by its object.
 */
export function fleet(): DeviceOptions[] {
  return [
    {
      ...{ instance: 1_001, host: '10.0.0.2', isFound: false },
      spots: [
        ...analogs(1, 24, place => (place % 2 === 0 ? plain : place % 3 === 0 ? own : undefined)),
        textSpot(40, 60),
      ],
    },
    {
      ...{ instance: 70_707, host: '10.0.0.3', isFound: true },
      spots: [...analogs(100, 10, () => plain), stateSpot(120, 3, plain), bitsSpot(4), textSpot(121, 61)],
    },
    {
      ...{ instance: 300_300, host: '10.0.0.4', isFound: false, behind: { network: 200, mac: '0a' } },
      spots: [...analogs(200, 12, place => (place < 4 ? plain : undefined)), textSpot(220, 60)],
    },
    {
      ...{ instance: 2_222_222, host: '10.0.0.4', isFound: true, behind: { network: 200, mac: '55' } },
      spots: [...analogs(300, 12, place => (place < 4 ? own : undefined)), textSpot(320, 60)],
    },
    {
      ...{ instance: 4_000_001, host: '10.0.0.5', isFound: false },
      spots: [...liftSpots(400, 1), ...liftSpots(401, 2), stateSpot(410, 3, undefined)],
    },
    {
      ...{ instance: 150_001, host: '10.0.0.6', isFound: false, segmentOctets: 60 },
      spots: [...analogs(500, 20, () => undefined), longListSpot(530, 7, 30)],
    },
    {
      ...{ instance: 999_999, host: '10.0.0.7', isFound: true, maxApdu: 206, segmentation: 'none' },
      spots: [...analogs(600, 16, place => (place === 0 ? plain : undefined)), textSpot(620, 60)],
    },
    // Nobody of ours, at the place where a forged I-Am says that one of ours is.
    { ...{ instance: 3_333_333, host: '10.0.0.66', isFound: false }, spots: analogs(900, 16, () => undefined) },
    // The last one, since its points have numbers of a hundred more. So many that they only fit into one request when a device says that it takes more than there is.
    {
      ...{ instance: 1_700_077, host: '10.0.0.8', isFound: false },
      spots: Array.from({ length: 190 }, (_, place) => textSpot(700, place + 1)),
    },
  ];
}
