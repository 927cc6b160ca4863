import { PlantroomError } from '../base/errors.ts';
import type { Question } from '../driver.ts';
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
  const unitId = whole(question.unitId, 'question.unitId', 0, questionLimits.unitId);
  if (question.kind === 'identify') return { kind: 'identify', unitId };
  if (question.kind !== 'raw') throw usage('question.kind must be "raw" or "identify"');
  const table = modbusTables.find(name => name === question.table);
  if (!table) throw usage(`question.table must be one of ${modbusTables.join(', ')}`);
  const most = table === 'coil' || table === 'discrete-input' ? questionLimits.bits : questionLimits.registers;
  const address = whole(question.address, 'question.address', 0, questionLimits.address);
  const count = whole(question.count, 'question.count', 1, most);
  if (address + count - 1 > questionLimits.address) throw usage('the question reaches beyond address 65535');
  return { kind: 'raw', unitId, table, address, count };
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
