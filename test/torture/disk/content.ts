import type { Random } from '../../../src/base/random.ts';
import type { DiskTruncate, DiskWrite } from './disk-log.ts';

/** What is in a file; beyond `size` the bytes are zero. */
export interface Content {
  bytes: Buffer;
  size: number;
}

export type Change = DiskWrite | DiskTruncate;

/** What a disk writes as a whole, or not at all. */
const sectorBytes = 512;

export function copyOf({ bytes, size }: Content): Content {
  return { bytes: Buffer.from(bytes.subarray(0, size)), size };
}

export function applyTo(content: Content, change: Change): void {
  if (change.kind === 'truncated') setSize(content, change.size);
  else put(content, change.offset, change.bytes);
}

function put(content: Content, offset: number, bytes: Buffer): void {
  const end = offset + bytes.length;
  reserve(content, end);
  bytes.copy(content.bytes, offset);
  content.size = Math.max(content.size, end);
}

function setSize(content: Content, size: number): void {
  reserve(content, size);
  if (size < content.size) content.bytes.fill(0, size, content.size);
  content.size = size;
}

function reserve(content: Content, size: number): void {
  if (size <= content.bytes.length) return;
  const grown = Buffer.alloc(Math.max(size, 2 * content.bytes.length, 65_536));
  content.bytes.copy(grown, 0, 0, content.size);
  content.bytes = grown;
}

/** How much of what was under way a power cut has let through. */
const cuts = ['none', 'all', 'prefix', 'subset', 'torn'] as const;
export type Cut = (typeof cuts)[number];

export function pickCut(random: Random): Cut {
  return cuts[Math.floor(random.next() * cuts.length)] ?? 'none';
}

/** Of steps that were under way, those that a cut has let through; for whole steps only. */
export function surviving<Step>(steps: readonly Step[], cut: Cut, random: Random): readonly Step[] {
  switch (cut) {
    case 'none':
      return [];
    case 'all':
      return steps;
    case 'prefix':
      return steps.slice(0, Math.floor(random.next() * (steps.length + 1)));
    case 'subset':
    case 'torn':
      return steps.filter(() => random.next() < 0.5);
  }
}

/** What is in a file after a power cut, if `changes` were not synced. */
export function cutOff(settled: Content, changes: readonly Change[], cut: Cut, random: Random): Content {
  const content = copyOf(settled);
  if (cut === 'torn') tear(content, changes, random);
  else for (const change of surviving(changes, cut, random)) applyTo(content, change);
  return content;
}

/**
 * Each sector is as it was after some of the changes, and so is the size: a disk writes a sector whenever it likes, and
 * then with everything that was in it at that moment.
 */
function tear(content: Content, changes: readonly Change[], random: Random): void {
  const lastOf = new Map<number, number>();
  const pickLast = () => Math.floor(random.next() * (changes.length + 1));
  const lastOfSize = pickLast();
  let size = content.size;
  for (const [index, change] of changes.entries()) {
    if (index < lastOfSize) size = sizeAfter(size, change);
    if (change.kind === 'truncated') {
      if (index < lastOfSize) setSize(content, change.size);
      continue;
    }
    for (const [offset, bytes] of sectorsOf(change)) {
      const sector = Math.floor(offset / sectorBytes);
      const last = lastOf.get(sector) ?? pickLast();
      lastOf.set(sector, last);
      if (index < last) put(content, offset, bytes);
    }
  }
  setSize(content, size);
}

function sizeAfter(size: number, change: Change): number {
  return change.kind === 'truncated' ? change.size : Math.max(size, change.offset + change.bytes.length);
}

function* sectorsOf({ offset, bytes }: DiskWrite): Generator<[number, Buffer]> {
  for (let at = 0; at < bytes.length; ) {
    const count = Math.min(bytes.length - at, sectorBytes - ((offset + at) % sectorBytes));
    yield [offset + at, bytes.subarray(at, at + count)];
    at += count;
  }
}
