import { EventEmitter } from 'node:events';
import modbusSerial from 'modbus-serial';
import { assert } from '../../src/base/assert.ts';
import { codeOf, messageOf } from '../../src/base/errors.ts';
import type { ModbusTable } from '../../src/model/point.ts';

/*
 * The one file that touches modbus-serial. The library encodes requests and checks and decodes replies; the bytes are
 * ours: it is given a port object that hands frames to us and takes frames from us. Its own ports return wrong values
 * after a late or doubled reply, and its timeouts and promises are not used.
 */

/** A read request as the protocol has it. */
export interface ReadRequest {
  readonly unitId: number;
  readonly table: ModbusTable;
  readonly address: number;
  /** Registers or bits. */
  readonly count: number;
}

export type Decoded =
  /** The data bytes of the reply: registers, or bits packed into bytes. A view of the frame that was decoded. */
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'exception'; readonly code: number }
  | { readonly kind: 'damaged'; readonly detail: string };

/** Speaks frames of the serial line: unit id, PDU, CRC. */
export interface ReadClient {
  /** Files a request for good: it can be sent, and its replies decoded, any number of times. */
  file(request: ReadRequest): FiledRequest;
  /** Decodes a reply to a filed request. */
  decode(request: FiledRequest, frame: Uint8Array): Decoded;
}

export interface FiledRequest {
  /** Where the library keeps what it knows of the request. */
  readonly place: number;
  /** Unit id, PDU, CRC. */
  readonly frame: Uint8Array;
}

export const functionCodes: Readonly<Record<ModbusTable, number>> = {
  coil: 1,
  'discrete-input': 2,
  'holding-register': 3,
  'input-register': 4,
};

/** The one right reply to a request, as it came: a frame of Modbus TCP. */
export interface Reply {
  readonly request: FiledRequest;
  /** The frame is at the start of it. */
  readonly bytes: Buffer;
  readonly frameBytes: number;
}

const nothingDecoded: Decoded = { kind: 'damaged', detail: 'the library gave no result' };

export function createReadClient(): ReadClient {
  let encoded: Uint8Array = new Uint8Array();
  let decoded: Decoded = nothingDecoded;
  let places = 0;
  const port = new FramePort(frame => {
    encoded = frame;
  });
  const library = new modbusSerial.default(port);
  library.open();
  const onResult = (error: unknown, result: { readonly buffer: Uint8Array } | undefined) => {
    decoded = result ? { kind: 'data', bytes: result.buffer } : exceptionIn(error);
  };
  return {
    // Despite their names these four read: FC1 to FC4. Unlike the promises they take the unit id with each call.
    file({ table, unitId, address, count }) {
      places += 1;
      port._transactionIdWrite = places;
      if (table === 'holding-register') library.writeFC3(unitId, address, count, onResult);
      else if (table === 'input-register') library.writeFC4(unitId, address, count, onResult);
      else if (table === 'coil') library.writeFC1(unitId, address, count, onResult);
      else library.writeFC2(unitId, address, count, onResult);
      return { place: places, frame: encoded };
    },
    decode({ place }, frame) {
      decoded = nothingDecoded;
      port._transactionIdRead = place;
      port.emit('data', frame);
      return decoded;
    },
  };
}

function exceptionIn(error: unknown): Decoded {
  if (typeof error === 'object' && error !== null && 'modbusCode' in error && typeof error.modbusCode === 'number') {
    return { kind: 'exception', code: error.modbusCode };
  }
  return { kind: 'damaged', detail: codeOf(error) ?? messageOf(error) };
}

/** What the library takes for a serial port. It never closes: connections come and go below it. */
export class FramePort extends EventEmitter {
  readonly isOpen = true;
  // The library files a request under the one id, for good, and looks its reply up under the other.
  _transactionIdRead = 1;
  _transactionIdWrite = 1;
  readonly #sendFrame: (frame: Uint8Array) => void;

  constructor(sendFrame: (frame: Uint8Array) => void) {
    super();
    this.#sendFrame = sendFrame;
  }

  open(done: (error: null) => void): void {
    done(null);
  }

  /** The last gate before the wire: whatever the library can encode, only the four reads pass. */
  write(frame: Uint8Array): void {
    const functionCode = frame[1] ?? 0;
    assert(functionCode >= 1 && functionCode <= 4, `function code ${functionCode} was to be sent to the plant`);
    this.#sendFrame(frame);
  }
}
