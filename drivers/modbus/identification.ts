import type { Identity } from '../../src/driver.ts';
import { incomplete, mostAduBytes, type ReplyCheck, wrong } from './reply-check.ts';

/*
 * Read Device Identification, FC 43 / MEI type 14 (Modbus Application Protocol 1.1b3, section 6.21), the basic category
 * as a stream: vendor, product code, revision. Guarded, since devices answer it in ways the standard does not know: what
 * does not fit is a wrong reply, and "more follows" is believed but not followed.
 */

export interface IdentifyRequest {
  readonly unitId: number;
  readonly kind: 'identify';
}

export const identifyFunction = 43;
const meiType = 14;
const readBasic = 1;

/** The `unit id, PDU` of the request. */
export function encodeIdentify({ unitId }: IdentifyRequest): Uint8Array {
  return Uint8Array.of(unitId, identifyFunction, meiType, readBasic, 0);
}

/** Behind the unit id: function code, MEI type, read code, conformity, more follows, next object, number of objects. */
const objectsAt = 8;

/** The basic category has three objects; a device that lists more than this is not believed. */
const mostObjects = 16;

/** The reply has no length of its own: it ends where its last object does. */
export function measureIdentification(bytes: Uint8Array, at: number, end: number): ReplyCheck {
  const length = end - at;
  if (length >= 3 && bytes[at + 2] !== meiType) return wrong('MEI type', meiType, bytes[at + 2]);
  if (length >= 4 && bytes[at + 3] !== readBasic) return wrong('read code', readBasic, bytes[at + 3]);
  if (length < objectsAt) return incomplete;
  const objects = bytes[at + objectsAt - 1] ?? 0;
  if (objects < 1 || objects > mostObjects) return { kind: 'wrong', detail: `${objects} identification objects` };
  let aduBytes = objectsAt;
  for (let object = 0; object < objects; object += 1) {
    if (length < aduBytes + 2) return incomplete;
    aduBytes += 2 + (bytes[at + aduBytes + 1] ?? 0);
    if (aduBytes > mostAduBytes) return { kind: 'wrong', detail: 'an identification longer than a frame' };
  }
  return length < aduBytes ? incomplete : { kind: 'data', aduBytes };
}

/** Decodes a measured reply from behind its function code on. */
export function decodeIdentification(bytes: Uint8Array): Identity {
  const texts = ['', '', ''];
  const objects = bytes[objectsAt - 3] ?? 0;
  let at = objectsAt - 2;
  for (let object = 0; object < objects; object += 1) {
    const [id = 0, length = 0] = bytes.subarray(at, at + 2);
    if (id < texts.length) texts[id] = textOf(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  const [vendor = '', product = '', revision = ''] = texts;
  return { vendor, product, revision };
}

/** What a terminal would obey rather than show becomes a dot. */
function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  return text
    .replace(/\0+$/, '')
    .replace(/\p{Cc}/gu, '.')
    .trim();
}
