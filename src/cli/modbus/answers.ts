import { PlantroomError } from '../../base/errors.ts';
import type { Answer } from '../../driver.ts';
import type { BadReason } from '../../model/quality.ts';
import { type Asker, describeAsker } from './asker.ts';

/** `unit 3 on 10.0.0.7:502` */
export function describeUnit(asker: Pick<Asker, 'bus' | 'isThroughDaemon'>, unitId: number): string {
  return `unit ${unitId} on ${describeAsker(asker)}`;
}

/** An answer that holds no values, as an error for a person. */
export function failureOf(answer: Answer & { kind: 'exception' | 'failed' }, who: string): PlantroomError {
  if (answer.kind === 'exception') {
    return new PlantroomError(`${who} refuses: ${answer.text}`, { kind: 'network', hint: exceptionHint(answer.code) });
  }
  return new PlantroomError(`${who}: ${describeReason(answer.reason)}: ${answer.detail}`, {
    kind: answer.reason === 'overrun' ? 'busy' : 'network',
    hint: reasonHint(answer.reason),
  });
}

function describeReason(reason: BadReason): string {
  return (
    { 'no-connection': 'no connection', timeout: 'no answer', 'bad-reply': 'a wrong answer' }[reason as string] ??
    reason
  );
}

function exceptionHint(code: number): string {
  switch (code) {
    case 1:
      return 'the device does not have this table: try another --table';
    case 2:
      return 'try fewer registers, the address one lower (manuals count from 1), or another --table';
    case 3:
      return 'try a smaller count';
    case 10:
    case 11:
      return 'only the device server answers: check --unit, and the wire behind it';
    default:
      return 'the device is alive; try again, or look into its manual';
  }
}

function reasonHint(reason: BadReason): string {
  switch (reason) {
    case 'no-connection':
      return 'check address, port, cable and power';
    case 'timeout':
      return 'check --unit, baud rate and parity, and whether A and B are swapped; plantroom scan modbus looks for devices';
    case 'bad-reply':
      return 'check baud rate and parity, and whether two devices have the same unit id';
    default:
      return 'try again';
  }
}
