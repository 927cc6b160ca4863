import { assert } from '../../src/base/assert.ts';
import { PlantroomError } from '../../src/base/errors.ts';
import {
  type Driver,
  type DriverOptions,
  type ModbusAnswer,
  type ModbusQuestion,
  type NoAnswer,
  type OpenBus,
  type Read,
  type ReadOutcome,
  spoilReading,
  spoilReadings,
} from '../../src/driver.ts';
import { isModbus, modbusProtocols } from '../../src/model/bus.ts';
import { decodeBit, decodeRegisters } from './codec.ts';
import { exceptionText, isTargetSilent } from './exceptions.ts';
import type { Answer, Exchange, Patience, Request } from './exchange.ts';
import { decodeIdentification } from './identification.ts';
import { isBitTable, silencesOf } from './read-cost.ts';
import { type ModbusRead, planReads } from './read-plan.ts';
import { createRefusals } from './refusals.ts';
import { RtuExchange } from './rtu-exchange.ts';
import { SerialLink } from './serial-link.ts';
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
import { TcpExchange } from './tcp-exchange.ts';
import { TcpLink } from './tcp-link.ts';

/**
 * Modbus, reading only: function codes 1 to 4, and 43/14 for people who ask. The link is opened by the first read and
 * opened anew by the read after it broke; there is no back-off here, that is the poller's.
 */
export function createModbusDrivers(): Driver[] {
  return modbusProtocols.map(protocol => ({
    protocol,
    create: options => createModbusBus(options, createExchange(options)),
  }));
}

type OnOutcome = (outcome: ReadOutcome) => void;

/** A bus on whatever exchange: over a real link, or over one in memory. */
export function createModbusBus(options: DriverOptions, exchange: Exchange): OpenBus {
  const { bus, clock, log } = options;
  assert(isModbus(bus), `bus ${bus.id} does not speak Modbus`);
  const { timeoutMs: busCeilingMs } = bus;
  /** By unit id, as the site file or the profile says; of two devices that are one unit, the longer. */
  const ceilings = new Map<number, number>();
  const refusals = createRefusals(options.memory, clock);
  /** The last outcome, while it was an answer with data: not decoded yet, or in parts, which are decoded as they come. */
  let answered: { readonly read: ModbusRead; readonly bytes: Uint8Array | undefined } | undefined;

  function askWhole(read: ModbusRead, timeoutMs: number, onOutcome: OnOutcome): void {
    exchange.ask(read, patienceWith(read, timeoutMs), answer => {
      const isRefused = answer.kind === 'exception' && isAboutRegisters(answer.code);
      if (isRefused && read.split) {
        const hasParts = onWholeRefused(read.split, clock.monoMs());
        refusals.remember(read);
        if (hasParts) {
          askParts(read, read.split, timeoutMs, onOutcome);
          return;
        }
      }
      onOutcome(conclude(read, answer));
    });
  }

  /** One part after the other; each is decoded at once, for its bytes are gone with the next answer. */
  function askParts(read: ModbusRead, split: Split, timeoutMs: number, onOutcome: OnOutcome): void {
    const waiting = split.parts.values();
    let responseMs = 0;
    const askNext = (): void => {
      for (const part of waiting) {
        if (isPartDue(part, clock.monoMs())) {
          exchange.ask(part.request, patienceWith(read, timeoutMs), answer => onPart(part, answer));
          return;
        }
        spoilPart(read, part);
      }
      answered = { read, bytes: undefined };
      onOutcome({ kind: 'answered', atMono: clock.monoMs(), responseMs });
    };
    const onPart = (part: Part, answer: Answer): void => {
      if (answer.kind === 'failed' || (answer.kind === 'exception' && isTargetSilent(answer.code))) {
        onOutcome(conclude(read, answer));
        return;
      }
      ({ responseMs } = answer);
      if (answer.kind === 'data') {
        fillReadings(read, answer.bytes, part);
        if (onPartAnswered(split, part)) refusals.remember(read);
      } else {
        spoilPart(read, part);
        if (isAboutRegisters(answer.code)) refusePart(read, split, part, answer.code);
        else tellRefusal(read, answer.code);
      }
      askNext();
    };
    askNext();
  }

  function patienceWith({ unitId }: ModbusRead, timeoutMs: number): Patience {
    return { timeoutMs, worstCaseMs: ceilingOf(unitId) };
  }

  /** How long the answer of a unit may take, also to the question of a person who does not wait for it. */
  function ceilingOf(unitId: number): number {
    return ceilings.get(unitId) ?? busCeilingMs;
  }

  function refusePart(read: ModbusRead, split: Split, part: Part, code: number): void {
    const change = onPartRefused(read, split, part, clock.monoMs());
    if (change !== 'refused') refusals.remember(read);
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
        // With several requests under way the answer to another one may come before anyone asks to decode this one.
        if (exchange.window > 1) decodeAnswered(read);
        read.lastException = undefined;
        if (read.split) {
          read.split = undefined;
          refusals.remember(read);
        }
        return { kind: 'answered', atMono, responseMs: answer.responseMs };
      case 'exception':
        return onException(read, answer, atMono);
      case 'failed':
        spoilReadings(read, answer.reason);
        return { ...answer, atMono };
    }
  }

  function onException(read: ModbusRead, answer: Answer & { kind: 'exception' }, atMono: number): ReadOutcome {
    const { code, responseMs } = answer;
    if (isTargetSilent(code)) {
      spoilReadings(read, 'timeout');
      return { kind: 'failed', atMono, reason: 'timeout', detail: exceptionText(code), wasAsked: true };
    }
    tellRefusal(read, code);
    if (isAboutRegisters(code) && !read.split) {
      read.split = splitRead(read, atMono);
      if (read.split) refusals.remember(read);
    }
    if (exchange.window > 1) spoilReadings(read, 'refused');
    return { kind: 'answered', atMono, responseMs };
  }

  /** Once, not at every poll. */
  function tellRefusal(read: ModbusRead, code: number): void {
    if (read.lastException !== code) {
      const exception = exceptionText(code);
      log.warn({ device: read.device.id, read: read.label, exception }, 'device refuses a read');
    }
    read.lastException = code;
  }

  function decodeAnswered(read: ModbusRead): void {
    if (answered?.read !== read) spoilReadings(read, read.lastException === undefined ? 'bad-reply' : 'refused');
    else if (answered.bytes) fillReadings(read, answered.bytes, { from: 0, end: read.slots.length });
  }

  return {
    window: exchange.window,
    silences: silencesOf(bus),
    plan(device, points, turnaroundMs) {
      const { unitId, timeoutMs } = device;
      if (unitId !== undefined) {
        ceilings.set(unitId, Math.max(timeoutMs ?? busCeilingMs, ceilings.get(unitId) ?? 0));
      }
      const reads = planReads(bus, device, points, turnaroundMs);
      refusals.recall(device, reads);
      return reads;
    },
    forget(device, reads) {
      for (const read of reads) {
        assert(isModbusRead(read), 'a read of another driver');
        read.split = undefined;
      }
      refusals.forget(device);
    },
    read(read, timeoutMs, onOutcome) {
      assert(isModbusRead(read), 'a read of another driver');
      if (read.split && !isWholeDue(read.split, clock.monoMs())) askParts(read, read.split, timeoutMs, onOutcome);
      else askWhole(read, timeoutMs, onOutcome);
    },
    decode(read) {
      assert(isModbusRead(read), 'a read of another driver');
      if (exchange.window === 1) decodeAnswered(read);
    },
    ask(question, timeoutMs, onAnswer) {
      if (question.kind !== 'raw' && question.kind !== 'identify') {
        const detail = 'this bus speaks Modbus';
        queueMicrotask(() => onAnswer({ kind: 'failed', reason: 'refused', detail }));
        return;
      }
      const request = requestOf(question);
      answered = undefined;
      exchange.ask(request, { timeoutMs, worstCaseMs: ceilingOf(question.unitId) }, answer =>
        onAnswer(tell(question, answer)),
      );
    },
    restsUntilMono: ({ unitId }) => (unitId === undefined ? 0 : exchange.restsUntilMono(unitId)),
    close: () => exchange.close(),
  };
}

function createExchange({ bus, clock, log }: DriverOptions): Exchange {
  switch (bus.protocol) {
    case 'modbus-tcp':
      return new TcpExchange({ bus, clock, log, openLink: handlers => TcpLink.open({ ...handlers, ...bus, clock }) });
    case 'modbus-rtu':
      return new RtuExchange({
        bus,
        clock,
        log,
        openLink: handlers => SerialLink.open({ ...handlers, bus, clock, log }),
      });
    case 'modbus-rtu-over-tcp':
      return new RtuExchange({ bus, clock, log, openLink: handlers => TcpLink.open({ ...handlers, ...bus, clock }) });
    case 'bacnet-ip':
    case 'self':
      throw new PlantroomError('this bus does not speak Modbus', { kind: 'internal' });
  }
}

/** A request of its own, also when the same question is asked twice. */
function requestOf(question: ModbusQuestion): Request {
  if (question.kind === 'identify') return { kind: 'identify', unitId: question.unitId };
  const { unitId, table, address, count } = question;
  return { unitId, table, address, count };
}

function tell(question: ModbusQuestion, answer: Answer): ModbusAnswer | NoAnswer {
  switch (answer.kind) {
    case 'failed':
      return { kind: 'failed', reason: answer.reason, detail: answer.detail };
    case 'exception': {
      const { code, responseMs } = answer;
      return { kind: 'exception', code, text: exceptionText(code), responseMs };
    }
    case 'data': {
      const { bytes, responseMs } = answer;
      return question.kind === 'identify'
        ? { kind: 'identity', identity: decodeIdentification(bytes), responseMs }
        : { kind: 'raw', values: rawValues(question, bytes), responseMs };
    }
  }
}

function rawValues({ table, count }: ModbusQuestion & { kind: 'raw' }, bytes: Uint8Array): number[] {
  return Array.from({ length: count }, (_, index) =>
    isBitTable(table)
      ? ((bytes[index >> 3] ?? 0) >> (index & 7)) & 1
      : ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0),
  );
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
