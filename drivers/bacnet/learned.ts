import type { PropertyReference } from './values.ts';

/**
 * What one device was found to take and to refuse, so that it is not asked in vain at every poll. Changed in place; kept
 * as long as the bus is open, since finding it out costs a request or two, and found out again now and then: a device that
 * was short of memory for a moment would be asked one by one for ever.
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
  /** How long its answers take, smoothed, ms; 0 before the first one. */
  responseMs: number;
  /** Of status-flags and the like: those that an object does not have. */
  readonly missing: Set<string>;
  /** Another one whenever `missing` has changed: what follows from it is not made anew for every poll. */
  missingVersion: number;
  /** When all of it is tried again; infinite while nothing was refused. */
  reviewMono: number;
  /** How long it holds, ms. */
  reviewWaitMs: number;
}

/** What is refused again and again is tried ever more seldom: doubled from the first to the last. */
const reviewMs = { first: 600_000, longest: 86_400_000 } as const;

export function unlearned(): Learned {
  return {
    maxApdu: undefined,
    mostProperties: mostPropertiesAtOnce,
    takesMultiple: true,
    responseMs: 0,
    alone: new Set(),
    missing: new Set(),
    missingVersion: 0,
    reviewMono: Number.POSITIVE_INFINITY,
    reviewWaitMs: reviewMs.first,
  };
}

/** Something was refused: it holds for some time. */
function holdForNow(learned: Learned, nowMono: number): void {
  if (learned.reviewMono === Number.POSITIVE_INFINITY) learned.reviewMono = nowMono + learned.reviewWaitMs;
}

/** Forgets what has held for long enough. */
export function review(learned: Learned, nowMono: number): void {
  if (nowMono < learned.reviewMono) return;
  const isOld = nowMono >= learned.reviewMono + reviewMs.longest;
  const reviewWaitMs = isOld ? reviewMs.first : Math.min(reviewMs.longest, 2 * learned.reviewWaitMs);
  learned.alone.clear();
  learned.missing.clear();
  const { maxApdu, responseMs, alone, missing } = learned;
  const missingVersion = learned.missingVersion + 1;
  Object.assign(learned, unlearned(), { maxApdu, responseMs, alone, missing, missingVersion, reviewWaitMs });
}

/** Of one read, whatever the device takes: so that one lost datagram does not cost too much. */
export const mostPropertiesAtOnce = 200;

/** Kept for each device; what is beyond is asked for in vain again. */
const mostRemembered = 4_096;

/** An object does not have this property. */
export function rememberMissing(learned: Learned, key: string, nowMono: number): void {
  remember(learned.missing, key);
  learned.missingVersion += 1;
  holdForNow(learned, nowMono);
}

function remember(set: Set<string>, key: string): void {
  if (set.size < mostRemembered) set.add(key);
}

export function keyOf({ objectType, instance, property, index, key }: PropertyReference): string {
  return key ?? `${objectType} ${instance} ${property} ${index ?? ''}`;
}

/** Abort and reject by number (clauses 18.9 and 18.10). */
export const unrecognizedService = 9;

/** Why a device did not answer a read at all. */
export interface Refusal {
  readonly kind: 'error' | 'reject' | 'abort';
  /** Of a reject or an abort. */
  readonly reason: number | undefined;
}

/**
 * Learns from a read of several properties that was refused as a whole. Whatever the reason is called, half as many are
 * tried next: devices abort with buffer-overflow, segmentation-not-supported, apdu-too-long and other words for the same. An
 * error is of one property among them, which is found by halves too, but for this read only: the others are read together
 * again. Always leaves less to ask for at once.
 *
 * @returns the most properties that the next request of the same read may have
 */
export function learnRefusal(
  learned: Learned,
  asked: readonly PropertyReference[],
  refusal: Refusal,
  nowMono: number,
): number {
  const half = Math.max(1, Math.floor(asked.length / 2));
  if (asked.length > 1 && refusal.kind === 'error') return half;
  holdForNow(learned, nowMono);
  if (refusal.kind === 'reject' && refusal.reason === unrecognizedService) learned.takesMultiple = false;
  else if (asked.length > 1) learned.mostProperties = half;
  else {
    for (const one of asked) remember(learned.alone, keyOf(one));
    // Of a device that refuses more than can be remembered nothing is asked together any more.
    if (learned.alone.size >= mostRemembered) learned.takesMultiple = false;
  }
  return half;
}

/** What was learned from a device that in the end refused everything: nothing about how to ask it. */
export function unlearn(learned: Learned, before: Learned): void {
  const { alone, missing, missingVersion } = learned;
  for (const key of alone) if (!before.alone.has(key)) alone.delete(key);
  Object.assign(learned, before, { alone, missing, missingVersion });
}

export function copyOf(learned: Learned): Learned {
  return { ...learned, alone: new Set(learned.alone) };
}

const smoothing = 1 / 8;

export function learnResponse(learned: Learned, responseMs: number): void {
  learned.responseMs += learned.responseMs === 0 ? responseMs : smoothing * (responseMs - learned.responseMs);
}

/**
 * How often a request may go out within its time. A device behind a slow line would be asked again while it still answers, and
 * its line be the slower for it: each try has twice the time that it needs.
 */
export function triesWithin(learned: Learned, timeoutMs: number, retries: number): number {
  return Math.min(1 + retries, Math.max(1, Math.floor(timeoutMs / (2 * learned.responseMs))));
}

/** How a read goes out. */
export interface Part {
  readonly properties: readonly PropertyReference[];
  readonly service: 'read-property' | 'read-multiple';
}

/** Heads of a message around its properties, bytes, with room for a router's addresses. */
export const headBytes = 24;

/** What devices take that have not said more (the least that most of them have). */
const usualMaxApdu = 480;

/** The next part of what is left to ask: as many of the first ones as the device takes. @param most at the most so many */
export function nextPart(left: readonly PropertyReference[], learned: Learned, most: number): Part {
  const [first] = left;
  const isAlone = (one: PropertyReference) => learned.alone.has(keyOf(one));
  if (!first) return { properties: [], service: 'read-multiple' };
  if (!learned.takesMultiple || isAlone(first)) return { properties: [first], service: 'read-property' };
  const room = (learned.maxApdu ?? usualMaxApdu) - headBytes;
  const limit = Math.min(most, learned.mostProperties);
  let bytes = 0;
  let last: PropertyReference | undefined;
  const properties: PropertyReference[] = [];
  for (const one of left) {
    if (isAlone(one)) continue;
    bytes += answerBytes(one, last);
    if (properties.length > 0 && (bytes > room || properties.length >= limit)) break;
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

/** For people. */
export function describeLearned({ takesMultiple, mostProperties }: Learned): string[] {
  if (!takesMultiple) return ['reads one property at a time'];
  return mostProperties < mostPropertiesAtOnce ? [`reads ${mostProperties} properties at a time`] : [];
}
