import { isIPv4 } from 'node:net';
import { PlantroomError } from '../base/errors.ts';
import { mostPropertiesAsked, type Question } from '../driver.ts';
import { mostBacnetInstance } from '../model/bacnet-names.ts';
import type { BacnetPlace, BacnetTarget } from '../model/bacnet-view.ts';
import { modbusTables } from '../model/point.ts';

/** A question to a device, as it comes over the socket. */
export interface AskBody {
  /** Id of the bus. */
  readonly bus: string;
  readonly question: Question;
  readonly timeoutMs: number;
}

/** What one question may ask for; the protocol allows no more. */
const questionLimits = {
  unitId: 255,
  address: 65_535,
  registers: 125,
  bits: 2_000,
  /** Longest that a device may take to answer. */
  timeoutMs: 10_000,
} as const;

/**
 * Checks what came over the socket.
 *
 * @throws PlantroomError `usage` when it is no question, or one that no device could be asked
 */
export function parseAsk(body: unknown): AskBody {
  const ask = objectOf(body, 'the body');
  if (typeof ask.bus !== 'string') throw usage('bus must be the id of a bus');
  return {
    bus: ask.bus,
    question: parseQuestion(objectOf(ask.question, 'question')),
    timeoutMs: whole(ask.timeoutMs, 'timeoutMs', 1, questionLimits.timeoutMs),
  };
}

function parseQuestion(question: Readonly<Record<string, unknown>>): Question {
  if (question.kind === 'bacnet-read') return parseBacnetRead(question);
  if (question.kind === 'who-is') return parseWhoIs(question);
  if (question.kind !== 'raw' && question.kind !== 'identify')
    throw usage('question.kind must be "raw", "identify", "bacnet-read" or "who-is"');
  const unitId = whole(question.unitId, 'question.unitId', 0, questionLimits.unitId);
  if (question.kind === 'identify') return { kind: 'identify', unitId };
  const table = modbusTables.find(name => name === question.table);
  if (!table) throw usage(`question.table must be one of ${modbusTables.join(', ')}`);
  const most = table === 'coil' || table === 'discrete-input' ? questionLimits.bits : questionLimits.registers;
  const address = whole(question.address, 'question.address', 0, questionLimits.address);
  const count = whole(question.count, 'question.count', 1, most);
  if (address + count - 1 > questionLimits.address) throw usage('the question reaches beyond address 65535');
  return { kind: 'raw', unitId, table, address, count };
}

function parseBacnetRead({ target, properties }: Readonly<Record<string, unknown>>): Question {
  if (!Array.isArray(properties) || properties.length === 0 || properties.length > mostPropertiesAsked) {
    throw usage(`question.properties must be a list of 1 to ${mostPropertiesAsked}`);
  }
  return {
    kind: 'bacnet-read',
    target: parseTarget(objectOf(target, 'question.target')),
    properties: properties.map((property: unknown) => {
      const one = objectOf(property, 'a property');
      return {
        objectType: whole(one.objectType, 'objectType', 0, 1_023),
        instance: whole(one.instance, 'instance', 0, mostBacnetInstance + 1),
        property: whole(one.property, 'property', 0, mostBacnetInstance + 1),
        index: one.index === undefined ? undefined : whole(one.index, 'index', 0, 2 ** 31),
      };
    }),
  };
}

function parseTarget(target: Readonly<Record<string, unknown>>): BacnetTarget {
  if (target.kind === 'place') return { kind: 'place', place: parsePlace(target.place) };
  if (target.kind !== 'instance') throw usage('question.target.kind must be "instance" or "place"');
  return { kind: 'instance', instance: whole(target.instance, 'target.instance', 0, mostBacnetInstance) };
}

function parsePlace(value: unknown): BacnetPlace {
  const { host, port, network, mac } = objectOf(value, 'place');
  if (typeof host !== 'string' || !isIPv4(host)) throw usage('place.host must be an IPv4 address');
  if (typeof mac !== 'string' || !/^([0-9a-f]{2}){0,7}$/.test(mac)) throw usage('place.mac must be hex, or empty');
  return {
    host,
    port: whole(port, 'place.port', 1, 65_535),
    network: whole(network, 'place.network', 0, 65_534),
    mac,
  };
}

function parseWhoIs({ range, at }: Readonly<Record<string, unknown>>): Question {
  return {
    kind: 'who-is',
    range: isLeftOut(range) ? undefined : parseRange(range),
    at: isLeftOut(at) ? undefined : parsePlace(at),
  };
}

function parseRange(value: unknown): { readonly low: number; readonly high: number } {
  const range = objectOf(value, 'question.range');
  const low = whole(range.low, 'range.low', 0, mostBacnetInstance);
  return { low, high: whole(range.high, 'range.high', low, mostBacnetInstance) };
}

/** JSON has no undefined. */
function isLeftOut(value: unknown): boolean {
  return value === undefined || value === null;
}

function objectOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return { ...value };
  throw usage(`${name} must be an object`);
}

function whole(value: unknown, name: string, lowest: number, highest: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= lowest && value <= highest) return value;
  throw usage(`${name} must be a whole number from ${lowest} to ${highest}`);
}

function usage(message: string): PlantroomError {
  return new PlantroomError(message, { kind: 'usage', hint: 'docs/cli.md shows a question' });
}
