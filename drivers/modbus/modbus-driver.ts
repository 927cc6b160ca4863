import { assert } from '../../src/base/assert.ts';
import {
  type Driver,
  type DriverOptions,
  type OpenBus,
  type Read,
  type ReadOutcome,
  spoilReading,
  spoilReadings,
} from '../../src/driver.ts';
import { decodeBit, decodeRegisters } from './codec.ts';
import { exceptionText, isTargetSilent } from './exceptions.ts';
import { isBitTable, type ModbusRead, planReads } from './read-plan.ts';
import {
  isAboutRegisters,
  isPartDue,
  isWholeDue,
  onPartAnswered,
  onPartRefused,
  onWholeRefused,
  type Part,
  type Split,
  splitRead,
} from './split-read.ts';
import { type Answer, TcpExchange } from './tcp-exchange.ts';

/**
 * Modbus TCP, reading only: function codes 1 to 4. The connection is made by the first read and made anew by the read
 * after it broke; there is no back-off here, that is the poller's.
 */
export function createModbusDriver(): Driver {
  return { protocol: 'modbus-tcp', create: openModbusBus };
}

type OnOutcome = (outcome: ReadOutcome) => void;

function openModbusBus({ bus, clock, log }: DriverOptions): OpenBus {
  assert(bus.protocol === 'modbus-tcp', `bus ${bus.id} does not speak Modbus TCP`);
  const exchange = new TcpExchange({ bus, clock, log });
  /** The last outcome, while it was an answer with data: not decoded yet, or in parts, which are decoded as they come. */
  let answered: { readonly read: ModbusRead; readonly bytes: Uint8Array | undefined } | undefined;

  function askWhole(read: ModbusRead, onOutcome: OnOutcome): void {
    exchange.ask(read, answer => {
      const isRefused = answer.kind === 'exception' && isAboutRegisters(answer.code);
      if (isRefused && read.split && onWholeRefused(read.split, clock.monoMs())) askParts(read, read.split, onOutcome);
      else onOutcome(conclude(read, answer));
    });
  }

  /** One part after the other; each is decoded at once, for its bytes are gone with the next answer. */
  function askParts(read: ModbusRead, split: Split, onOutcome: OnOutcome): void {
    const waiting = split.parts.values();
    const askNext = (): void => {
      for (const part of waiting) {
        if (isPartDue(part, clock.monoMs())) {
          exchange.ask(part.request, answer => onPart(part, answer));
          return;
        }
        spoilPart(read, part);
      }
      answered = { read, bytes: undefined };
      onOutcome({ kind: 'answered', atMono: clock.monoMs() });
    };
    const onPart = (part: Part, answer: Answer): void => {
      if (answer.kind === 'failed' || (answer.kind === 'exception' && isTargetSilent(answer.code))) {
        onOutcome(conclude(read, answer));
        return;
      }
      if (answer.kind === 'data') {
        fillReadings(read, answer.bytes, part);
        onPartAnswered(split, part);
      } else {
        spoilPart(read, part);
        if (isAboutRegisters(answer.code)) refusePart(read, split, part, answer.code);
        else tellRefusal(read, answer.code);
      }
      askNext();
    };
    askNext();
  }

  function refusePart(read: ModbusRead, split: Split, part: Part, code: number): void {
    const change = onPartRefused(read, split, part, clock.monoMs());
    if (change === 'cut') exchange.forget(part.request);
    if (change !== 'new hole') return;
    const points = read.points.slice(part.from, part.end).map(({ key }) => key);
    log.warn({ points, exception: exceptionText(code) }, 'device refuses these points alone; the others are read on');
  }

  function conclude(read: ModbusRead, answer: Answer): ReadOutcome {
    const atMono = clock.monoMs();
    answered = undefined;
    switch (answer.kind) {
      case 'data':
        answered = { read, bytes: answer.bytes };
        read.lastException = undefined;
        if (read.split) makeWhole(read, read.split);
        return { kind: 'answered', atMono };
      case 'exception':
        return onException(read, answer.code, atMono);
      case 'failed':
        spoilReadings(read, answer.reason);
        return { kind: 'failed', atMono, reason: answer.reason, detail: answer.detail };
    }
  }

  function onException(read: ModbusRead, code: number, atMono: number): ReadOutcome {
    const detail = exceptionText(code);
    if (isTargetSilent(code)) {
      spoilReadings(read, 'timeout');
      return { kind: 'failed', atMono, reason: 'timeout', detail };
    }
    tellRefusal(read, code);
    if (isAboutRegisters(code)) read.split ??= splitRead(read, atMono);
    return { kind: 'answered', atMono };
  }

  /** Once, not at every poll. */
  function tellRefusal(read: ModbusRead, code: number): void {
    if (read.lastException !== code) {
      const exception = exceptionText(code);
      log.warn({ device: read.device.id, read: read.label, exception }, 'device refuses a read');
    }
    read.lastException = code;
  }

  function makeWhole(read: ModbusRead, { parts }: Split): void {
    for (const { request } of parts) exchange.forget(request);
    read.split = undefined;
  }

  return {
    plan: planReads,
    read(read, onOutcome) {
      assert(isModbusRead(read), 'a read of another driver');
      if (read.split && !isWholeDue(read.split, clock.monoMs())) askParts(read, read.split, onOutcome);
      else askWhole(read, onOutcome);
    },
    decode(read) {
      assert(isModbusRead(read), 'a read of another driver');
      if (answered?.read !== read) spoilReadings(read, read.lastException === undefined ? 'bad-reply' : 'refused');
      else if (answered.bytes) fillReadings(read, answered.bytes, { from: 0, end: read.slots.length });
    },
    close: () => exchange.close(),
  };
}

function isModbusRead(read: Read): read is ModbusRead {
  return 'slots' in read;
}

/** Decodes the points `from` up to, without, `end` out of the answer that begins with the first of them. */
function fillReadings(
  { table, slots, readings }: ModbusRead,
  bytes: Uint8Array,
  { from, end }: { readonly from: number; readonly end: number },
): void {
  const isBits = isBitTable(table);
  const first = slots[from]?.offset ?? 0;
  for (let index = from; index < end; index += 1) {
    const slot = slots[index];
    const reading = readings[index];
    if (!slot || !reading) continue;
    if (isBits) decodeBit(bytes, slot.offset - first, reading);
    else decodeRegisters(bytes, slot.offset - first, slot.address, reading);
  }
}

function spoilPart({ readings }: ModbusRead, { from, end }: Part): void {
  for (const reading of readings.slice(from, end)) spoilReading(reading, 'refused');
}
