import { readTag } from '../../../src/sim/bacnet/tag-reader.ts';

/** Bytes from and to, the last one not included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const networkAt = 4;

/** Where the APDU of a datagram begins that is well formed and no message among routers. */
export function apduAtOf(bytes: Buffer): number {
  const control = bytes[networkAt + 1] ?? 0;
  let at = networkAt + 2;
  if (control & 0x20) at += 3 + (bytes[at + 2] ?? 0);
  if (control & 0x08) at += 3 + (bytes[at + 2] ?? 0);
  return control & 0x20 ? at + 1 : at;
}

function isRouted(bytes: Buffer): boolean {
  return ((bytes[networkAt + 1] ?? 0) & 0x08) !== 0;
}

/**
 * The bytes of a right message in which damage cannot be seen by whoever hears it: values, errors, what a notification is
 * about, and the content of a segment with its number. All the rest is compared with what was asked.
 */
export function unseenSpans(bytes: Buffer): Span[] {
  const apduAt = apduAtOf(bytes);
  const [first = 0, , , service] = bytes.subarray(apduAt);
  const kind = first >> 4;
  const all = (from: number): Span[] => [{ from, to: bytes.length }];
  if (kind === 3 && first & 8) return all(apduAt + 2);
  if (kind === 3) return valueSpans(bytes, apduAt + 3, bytes[apduAt + 2] === 14 ? 1 : 0);
  if (kind === 5) return all(apduAt + 3);
  if (kind === 0 && service === 1) return all(objectOfNotification(bytes, apduAt + 4));
  if (kind === 1 && bytes[apduAt + 1] === 2) return all(objectOfNotification(bytes, apduAt + 2));
  return [];
}

/** Behind the process id and the device. */
function objectOfNotification(bytes: Buffer, at: number): number {
  const process = readTag(bytes, at);
  return (process && readTag(bytes, process.next)?.next) ?? at;
}

/** What is between an opening and a closing tag at this depth, both included. */
function valueSpans(bytes: Buffer, from: number, valueDepth: number): Span[] {
  const spans: Span[] = [];
  let depth = 0;
  let begin = 0;
  let at = from;
  for (let tag = readTag(bytes, at); tag; tag = readTag(bytes, at)) {
    if (tag.kind === 'opening') {
      if (depth === valueDepth) begin = at;
      depth += 1;
    } else if (tag.kind === 'closing') {
      depth -= 1;
      if (depth === valueDepth) spans.push({ from: begin, to: tag.next });
    }
    at = tag.next;
  }
  return spans;
}

/** Whether nothing happened to what cannot be seen: it is as it was, at its place. */
export function isUnseenWhole(damaged: Buffer, right: Buffer): boolean {
  if (damaged.length !== right.length) return false;
  // Of devices behind one router only the address says which.
  if (isRouted(right) && !sameIn(damaged, right, { from: 0, to: apduAtOf(right) })) return false;
  return unseenSpans(right).every(span => sameIn(damaged, right, span));
}

function sameIn(one: Buffer, other: Buffer, { from, to }: Span): boolean {
  return one.subarray(from, to).equals(other.subarray(from, to));
}
