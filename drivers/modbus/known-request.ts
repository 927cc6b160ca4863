import { assert } from '../../src/base/assert.ts';
import type { Request } from './exchange.ts';
import { encodeIdentify, identifyFunction } from './identification.ts';
import { encodeRequest, functionCodes } from './read-client.ts';
import { dataBytes } from './read-cost.ts';
import type { ExpectedReply } from './reply.ts';

/** A request with what stays the same whenever it is made. */
export interface KnownRequest extends ExpectedReply {
  /** Reused by every sending. */
  readonly frame: Buffer;
}

/** Remembers requests as long as somebody holds them, so that each is encoded once. */
export class RequestBook {
  readonly #known = new WeakMap<Request, KnownRequest>();
  readonly #createFrame: (unitAndPdu: Uint8Array) => Buffer;

  constructor(createFrame: (unitAndPdu: Uint8Array) => Buffer) {
    this.#createFrame = createFrame;
  }

  take(request: Request): KnownRequest {
    const known = this.#known.get(request);
    if (known) return known;
    const made = { ...describe(request), frame: this.#createFrame(encode(request)) };
    this.#known.set(request, made);
    return made;
  }
}

/** The last gate before the wire: whatever was encoded, only what reads passes. */
function encode(request: Request): Uint8Array {
  const adu = 'kind' in request ? encodeIdentify(request) : encodeRequest(request).subarray(0, 6);
  const functionCode = adu[1] ?? 0;
  const isRead = functionCode >= 1 && functionCode <= 4;
  assert(isRead || functionCode === identifyFunction, `function code ${functionCode} was to be sent to the plant`);
  return adu;
}

function describe(request: Request): ExpectedReply {
  if ('kind' in request) return { unitId: request.unitId, functionCode: identifyFunction, dataBytes: undefined };
  const { unitId, table, count } = request;
  return { unitId, functionCode: functionCodes[table], dataBytes: dataBytes(table, count) };
}
