import { assert } from '../../src/base/assert.ts';
import {
  type Driver,
  type DriverOptions,
  type OpenBus,
  type Read,
  type ReadOutcome,
  spoilReadings,
} from '../../src/driver.ts';
import { decodeBit, decodeRegisters } from './codec.ts';
import { exceptionText, isTargetSilent } from './exceptions.ts';
import { isBitTable, type ModbusRead, planReads } from './read-plan.ts';
import { type Answer, TcpExchange } from './tcp-exchange.ts';

/**
 * Modbus TCP, reading only: function codes 1 to 4. The connection is made by the first read and made anew by the read
 * after it broke; there is no back-off here, that is the poller's.
 */
export function createModbusDriver(): Driver {
  return { protocol: 'modbus-tcp', create: openModbusBus };
}

function openModbusBus({ bus, clock, log }: DriverOptions): OpenBus {
  assert(bus.protocol === 'modbus-tcp', `bus ${bus.id} does not speak Modbus TCP`);
  const exchange = new TcpExchange({ bus, clock, log });
  /** The last answer that had data, until the next outcome. */
  let undecoded: { readonly read: ModbusRead; readonly bytes: Uint8Array } | undefined;

  function onException(read: ModbusRead, code: number, atMono: number): ReadOutcome {
    const detail = exceptionText(code);
    if (isTargetSilent(code)) {
      spoilReadings(read, 'timeout');
      return { kind: 'failed', atMono, reason: 'timeout', detail };
    }
    if (read.lastException !== code) {
      log.warn({ device: read.device.id, read: read.label, exception: detail }, 'device refuses a read');
    }
    read.lastException = code;
    return { kind: 'answered', atMono };
  }

  function conclude(read: ModbusRead, answer: Answer): ReadOutcome {
    const atMono = clock.monoMs();
    undecoded = undefined;
    switch (answer.kind) {
      case 'data':
        undecoded = { read, bytes: answer.bytes };
        read.lastException = undefined;
        return { kind: 'answered', atMono };
      case 'exception':
        return onException(read, answer.code, atMono);
      case 'failed':
        spoilReadings(read, answer.reason);
        return { kind: 'failed', atMono, reason: answer.reason, detail: answer.detail };
    }
  }

  return {
    plan: planReads,
    read(read, onOutcome) {
      assert(isModbusRead(read), 'a read of another driver');
      exchange.ask(read, answer => onOutcome(conclude(read, answer)));
    },
    decode(read) {
      assert(isModbusRead(read), 'a read of another driver');
      if (undecoded?.read === read) fillReadings(read, undecoded.bytes);
      else spoilReadings(read, read.lastException === undefined ? 'bad-reply' : 'refused');
    },
    close: () => exchange.close(),
  };
}

function isModbusRead(read: Read): read is ModbusRead {
  return 'slots' in read;
}

function fillReadings({ table, slots, readings }: ModbusRead, bytes: Uint8Array): void {
  const isBits = isBitTable(table);
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index];
    const reading = readings[index];
    if (!slot || !reading) continue;
    if (isBits) decodeBit(bytes, slot.offset, reading);
    else decodeRegisters(bytes, slot.offset, slot.address, reading);
  }
}
