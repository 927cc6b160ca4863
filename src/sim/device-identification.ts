import { encodeException, exceptions } from './exception.ts';

/** What a device says of itself: the basic objects of FC 43/14 (Modbus Application Protocol 1.1b3, section 6.21). */
export interface DeviceIdentification {
  readonly vendor: string;
  readonly product: string;
  readonly revision: string;
}

const meiFunction = 43;
const readIdentification = 14;
/** Basic objects, as a stream and one by one. */
const conformity = 0x81;
/** Longest PDU. */
const mostBytes = 253;
/** An object has to fit into an answer of its own. */
const longestText = 240;

/** `request` is a PDU that begins with function code 43. */
export function answerIdentification(identification: DeviceIdentification | undefined, request: Uint8Array): Buffer {
  if (!identification || request[1] !== readIdentification) {
    return encodeException(meiFunction, exceptions.illegalFunction);
  }
  const [, , access = 0, wanted = 0] = request;
  if (request.length !== 4 || access < 1 || access > 4) return encodeException(meiFunction, exceptions.illegalValue);
  const { vendor, product, revision } = identification;
  const texts = [vendor, product, revision].map(text => Buffer.from(text, 'latin1').subarray(0, longestText));
  if (access === 4) {
    const text = texts[wanted];
    if (!text) return encodeException(meiFunction, exceptions.illegalAddress);
    return encodeObjects(access, wanted, [text], undefined);
  }
  // An object that is not there begins the stream anew.
  const first = wanted < texts.length ? wanted : 0;
  let bytes = 7;
  let end = first;
  for (let text = texts[end]; text && bytes + 2 + text.length <= mostBytes; text = texts[end]) {
    bytes += 2 + text.length;
    end += 1;
  }
  return encodeObjects(access, first, texts.slice(first, end), end < texts.length ? end : undefined);
}

/** @param next the object to go on with, where not all went into this answer */
function encodeObjects(access: number, first: number, texts: readonly Buffer[], next: number | undefined): Buffer {
  const more = next === undefined ? 0 : 0xff;
  const head = [meiFunction, readIdentification, access, conformity, more, next ?? 0, texts.length];
  return Buffer.concat([
    Buffer.from(head),
    ...texts.flatMap((text, index) => [Buffer.from([first + index, text.length]), text]),
  ]);
}
