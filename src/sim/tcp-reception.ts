import { planDelivery } from './delivery.ts';
import { encodeException, exceptions } from './exception.ts';
import { encodeTcp, longestTcpLength, tcpHeaderBytes } from './frame.ts';
import type { Receiver, Reception } from './reception.ts';
import { answerRequest } from './slave.ts';
import { faultOfRequest } from './unit.ts';
import { createInstantWire } from './wire.ts';

/** Requests of Modbus TCP. A unit that is not there is answered with exception 11, as a gateway does. */
export function createTcpReception(reception: Reception): Receiver {
  const { units, counts, clock, random, close } = reception;
  const wire = createInstantWire(reception);
  let pending: Buffer = Buffer.alloc(0);
  let isOver = false;

  const serve = (frame: Buffer) => {
    const unitId = frame[6] ?? 0;
    const transaction = frame.readUInt16BE(0);
    const unit = units.get(unitId);
    counts.requests += 1;
    if (!unit) {
      const pdu = encodeException(frame[7] ?? 0, exceptions.targetSilent);
      const pieces = [{ bytes: encodeTcp(transaction, unitId, pdu), pauseMs: 0 }];
      wire.transmit({ pieces, isCutAfter: false }, clock.monoMs());
      return;
    }
    const exchange = {
      framing: 'tcp' as const,
      unitId,
      request: frame,
      pdu: answerRequest(unit, frame.subarray(tcpHeaderBytes)),
      encode: (id: number, pdu: Uint8Array, shift = 0) => encodeTcp(transaction + shift, id, pdu),
      answerAfterMs: unit.turnaroundMs,
      lateMs: unit.lateMs,
      characterMs: 0,
    };
    wire.transmit(planDelivery(exchange, faultOfRequest(unit, 'tcp'), random), clock.monoMs());
  };

  const end = () => {
    isOver = true;
    pending = Buffer.alloc(0);
    wire.end();
  };

  return {
    receive(bytes) {
      pending = pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([pending, bytes]);
      while (!isOver && pending.length >= tcpHeaderBytes) {
        const length = pending.readUInt16BE(4);
        // Not Modbus TCP: there is no way to find the next frame.
        if (pending.readUInt16BE(2) !== 0 || length < 2 || length > longestTcpLength) {
          counts.badFrames += 1;
          end();
          close();
          return;
        }
        if (pending.length < 6 + length) return;
        const frame = pending.subarray(0, 6 + length);
        pending = pending.subarray(6 + length);
        serve(frame);
      }
    },
    end,
  };
}
