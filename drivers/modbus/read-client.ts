import { EventEmitter } from 'node:events';
import modbusSerial from 'modbus-serial';
import { assert } from '../../src/base/assert.ts';
import type { ModbusTable } from '../../src/model/point.ts';

/*
 * The one file that touches modbus-serial. The library encodes the requests, each once, into a port object of ours. It sees
 * no reply: its own ports return wrong values after a late or doubled one, and what its decoder checks of a frame is less
 * than what mbap.ts has checked before.
 */

/** A read request as the protocol has it. */
export interface ReadRequest {
  readonly unitId: number;
  readonly table: ModbusTable;
  readonly address: number;
  /** Registers or bits. */
  readonly count: number;
}

export const functionCodes: Readonly<Record<ModbusTable, number>> = {
  coil: 1,
  'discrete-input': 2,
  'holding-register': 3,
  'input-register': 4,
};

/** The `unit id, PDU` of a read request, followed by the CRC of a serial line. */
export function encodeRequest({ table, unitId, address, count }: ReadRequest): Uint8Array {
  let encoded: Uint8Array | undefined;
  const library = new modbusSerial.default(
    new FramePort(frame => {
      encoded = frame;
    }),
  );
  library.open();
  // Despite their names these four read: FC1 to FC4. Unlike the promises they take the unit id with each call.
  if (table === 'holding-register') library.writeFC3(unitId, address, count, ignoreReply);
  else if (table === 'input-register') library.writeFC4(unitId, address, count, ignoreReply);
  else if (table === 'coil') library.writeFC1(unitId, address, count, ignoreReply);
  else library.writeFC2(unitId, address, count, ignoreReply);
  assert(encoded, 'the library encoded nothing');
  return encoded;
}

/** No reply is ever given to the library. */
function ignoreReply(): void {
  // Never called.
}

/** What the library takes for a serial port. It never closes: connections come and go below it. */
export class FramePort extends EventEmitter {
  readonly isOpen = true;
  // The library files requests and replies under these.
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
