import type { Question } from '../driver.ts';
import { modbusTables } from '../model/point.ts';
import { parseBacnetRead, parseWhoIs } from './bacnet-question.ts';
import { objectOf, usage, whole } from './body.ts';

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
  const unitId = whole(question.unitId, 'question.unitId', 0, questionLimits.unitId);
  if (question.kind === 'identify') return { kind: 'identify', unitId };
  if (question.kind !== 'raw') throw usage('question.kind must be "raw", "identify", "bacnet-read" or "who-is"');
  const table = modbusTables.find(name => name === question.table);
  if (!table) throw usage(`question.table must be one of ${modbusTables.join(', ')}`);
  const most = table === 'coil' || table === 'discrete-input' ? questionLimits.bits : questionLimits.registers;
  const address = whole(question.address, 'question.address', 0, questionLimits.address);
  const count = whole(question.count, 'question.count', 1, most);
  if (address + count - 1 > questionLimits.address) throw usage('the question reaches beyond address 65535');
  return { kind: 'raw', unitId, table, address, count };
}
