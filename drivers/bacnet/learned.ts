import type { PropertyReference } from './values.ts';

/**
 * What one device was found to take and to refuse, so that it is not asked in vain at every poll. Changed in place; kept
 * as long as the bus is open, since finding it out costs a request or two.
 */
export interface Learned {
  /** The longest message that it takes or sends, bytes; undefined before it said so. */
  maxApdu: number | undefined;
  /** The most properties in one read. */
  mostProperties: number;
  /** False when it knows ReadProperty only. */
  takesMultiple: boolean;
  /** Properties that it does not give together with others. */
  readonly alone: Set<string>;
  /** Of status-flags and the like: those that an object does not have. */
  readonly missing: Set<string>;
}

export function unlearned(): Learned {
  return {
    maxApdu: undefined,
    mostProperties: mostPropertiesAtOnce,
    takesMultiple: true,
    alone: new Set(),
    missing: new Set(),
  };
}

/** Of one read, whatever the device takes: so that one lost datagram does not cost too much. */
export const mostPropertiesAtOnce = 200;

/** Kept for each device; what is beyond is asked for in vain again. */
const mostRemembered = 4_096;

export function remember(set: Set<string>, key: string): void {
  if (set.size < mostRemembered) set.add(key);
}

export function keyOf({ objectType, instance, property, index }: PropertyReference): string {
  return `${objectType} ${instance} ${property} ${index ?? ''}`;
}

/** Abort and reject by number (clauses 18.9 and 18.10). */
const unrecognizedService = 9;

/** Why a device did not answer a read at all. */
export interface Refusal {
  readonly kind: 'error' | 'reject' | 'abort';
  /** Of a reject or an abort. */
  readonly reason: number | undefined;
}

/**
 * Learns from a read of several properties that was refused as a whole. Whatever the reason is called, half as many are
 * tried next: devices abort with buffer-overflow, segmentation-not-supported, apdu-too-long and other words for the same. An
 * error is of one property among them, so they are asked for one by one. Always leaves less to ask for at once.
 */
export function learnRefusal(learned: Learned, asked: readonly PropertyReference[], refusal: Refusal): void {
  if (refusal.kind === 'reject' && refusal.reason === unrecognizedService) learned.takesMultiple = false;
  else if (asked.length > 1 && refusal.kind !== 'error') {
    learned.mostProperties = Math.max(1, Math.floor(asked.length / 2));
  } else {
    for (const one of asked) remember(learned.alone, keyOf(one));
    // Of a device that refuses more than can be remembered nothing is asked together any more.
    if (learned.alone.size >= mostRemembered) learned.takesMultiple = false;
  }
}

/** How a read goes out. */
export interface Part {
  readonly properties: readonly PropertyReference[];
  readonly service: 'read-property' | 'read-multiple';
}

/** Heads of a message around its properties, bytes, with room for a router's addresses. */
const headBytes = 24;

/** What devices take that have not said more (the least that most of them have). */
const usualMaxApdu = 480;

/** The next part of what is left to ask: as many of the first ones as the device takes. */
export function nextPart(left: readonly PropertyReference[], learned: Learned): Part {
  const [first] = left;
  const isAlone = (one: PropertyReference) => learned.alone.has(keyOf(one));
  if (!first) return { properties: [], service: 'read-multiple' };
  if (!learned.takesMultiple || isAlone(first)) return { properties: [first], service: 'read-property' };
  const room = (learned.maxApdu ?? usualMaxApdu) - headBytes;
  let bytes = 0;
  let last: PropertyReference | undefined;
  const properties: PropertyReference[] = [];
  for (const one of left) {
    if (isAlone(one)) continue;
    bytes += answerBytes(one, last);
    if (properties.length > 0 && (bytes > room || properties.length >= learned.mostProperties)) break;
    properties.push(one);
    last = one;
  }
  return { properties, service: 'read-multiple' };
}

/** Length of texts and lists as they are mostly; where it is wrong the device answers in segments, or refuses and is learned. */
const usualTextBytes = 40;

/** What a property takes of an answer, its object's head included where that is another one than before. */
export function answerBytes(one: PropertyReference, before: PropertyReference | undefined): number {
  const isSameObject = before?.objectType === one.objectType && before.instance === one.instance;
  const tagBytes = one.property > 255 ? 3 : 2;
  const indexBytes = one.index === undefined ? 0 : 3;
  return (isSameObject ? 0 : 7) + tagBytes + indexBytes + 2 + valueBytes(one.property);
}

/** object-name, description, model-name, vendor-name, location and the like. */
const texts: ReadonlySet<number> = new Set([4, 12, 28, 44, 46, 58, 70, 77, 121, 168, 372, 451, 464, 469]);
/** Lists of which nobody knows how long they are. */
const lists: ReadonlySet<number> = new Set([76, 110, 371, 447, 450, 463, 470, 472, 480]);

function valueBytes(property: number): number {
  return texts.has(property) || lists.has(property) ? usualTextBytes : 6;
}
