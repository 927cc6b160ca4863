import { leastApduBytes, mostApduBytes } from './apdu.ts';
import { cursorOn, instanceBits, instanceMask, readApplicationUnsigned, readTag } from './tags.ts';
import { decodeText } from './text.ts';

/** "Here I am" (clause 16.10): which device is at this peer, and what it takes. */
export interface IAm {
  readonly instance: number;
  /** The longest message that it takes, in bytes: 50 to 1476. */
  readonly maxApdu: number;
  readonly segmentation: 'both' | 'transmit' | 'receive' | 'none';
  readonly vendorId: number;
}

/** "Here it is" (clause 16.9): which device has an object of that name. */
export interface IHave {
  readonly deviceInstance: number;
  readonly objectType: number;
  readonly instance: number;
  readonly name: string | undefined;
}

const deviceType = 8;
/** An instance of all ones stands for "not set up yet"; such a device cannot be asked for by its number. */
const noInstance = instanceMask;
const unsignedTag = 2;
const textTag = 7;
const enumeratedTag = 9;
const objectTag = 12;
const segmentations = ['both', 'transmit', 'receive', 'none'] as const;

/** Undefined when it is not well formed. */
export function decodeIAm(payload: Buffer): IAm | undefined {
  const cursor = cursorOn(payload);
  const object = readApplicationUnsigned(cursor, objectTag);
  const maxApdu = readApplicationUnsigned(cursor, unsignedTag);
  const segmentation = segmentations[readApplicationUnsigned(cursor, enumeratedTag) ?? -1];
  const vendorId = readApplicationUnsigned(cursor, unsignedTag);
  if (object === undefined || maxApdu === undefined || !segmentation || vendorId === undefined) return undefined;
  const instance = object & instanceMask;
  if (object >>> instanceBits !== deviceType || instance === noInstance || cursor.at !== cursor.end) return undefined;
  // Whatever it claims: a request for answers longer than there are would itself be too long to be sent.
  const possible = Math.min(mostApduBytes, Math.max(leastApduBytes, maxApdu));
  return { instance, maxApdu: possible, segmentation, vendorId };
}

export function decodeIHave(payload: Buffer): IHave | undefined {
  const cursor = cursorOn(payload);
  const device = readApplicationUnsigned(cursor, objectTag);
  const object = readApplicationUnsigned(cursor, objectTag);
  if (device === undefined || object === undefined || device >>> instanceBits !== deviceType) return undefined;
  if (!readTag(cursor) || cursor.kind !== 'application' || cursor.number !== textTag || cursor.length < 1)
    return undefined;
  const end = cursor.at + cursor.length;
  if (end !== cursor.end) return undefined;
  return {
    deviceInstance: device & instanceMask,
    objectType: object >>> instanceBits,
    instance: object & instanceMask,
    name: decodeText(payload, cursor.at, end),
  };
}
