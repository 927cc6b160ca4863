import { PlantroomError } from '../../base/errors.ts';
import type { Answer } from '../../driver.ts';
import type { BadReason } from '../../model/quality.ts';
import { describeAsker } from '../modbus/asker.ts';
import type { BacnetAsker } from './bus-choice.ts';

/** An answer that holds nothing, as an error for a person. @param what was tried, or who was asked */
export function failureOf(answer: Answer, asker: BacnetAsker, what: string): PlantroomError {
  const where = `${what} on ${describeAsker(asker)}`;
  if (answer.kind !== 'failed') return new PlantroomError(`${where}: an answer to another question`, tryAgain);
  const { reason, detail } = answer;
  return new PlantroomError(`${where}: ${describeReason(reason)}: ${detail}`, {
    kind: reason === 'overrun' || /another program/.test(detail) ? 'busy' : 'network',
    hint: hintOf(reason, detail),
  });
}

const tryAgain = { kind: 'network', hint: 'try again; if it stays, restart the daemon after an upgrade' } as const;

function describeReason(reason: BadReason): string {
  return (
    { 'no-connection': 'no connection', timeout: 'no answer', 'bad-reply': 'a wrong answer' }[reason as string] ??
    reason
  );
}

function hintOf(reason: BadReason, detail: string): string {
  if (/another program/.test(detail)) {
    return 'ss -lunp shows which program has the port; end it, ask through it, or take another one with --port';
  }
  if (/no interface/.test(detail)) return 'plantroom ports lists the interfaces and their addresses';
  switch (reason) {
    case 'no-connection':
      return 'check the interface, its cable and its address';
    case 'timeout':
      return 'check instance, address and power; plantroom scan bacnet looks for devices';
    case 'bad-reply':
      return 'check whether two devices have the same address or the same instance: plantroom scan bacnet';
    default:
      return 'try again';
  }
}

/** Why a device refused to tell a property, and what to do about it. @param text as the driver says it */
export function refusalHint(text: string): string {
  if (/unknown-object/.test(text)) return 'plantroom scan bacnet --objects lists the objects that it has';
  if (/unknown-property/.test(text)) return 'this object has no such property: look into the manual of the device';
  if (/array-index/.test(text)) return 'elements count from 1; property[0] tells how many there are';
  if (/not-an-array/.test(text)) return 'leave the [index] out';
  if (/abort/i.test(text))
    return 'the device gave up on the request: the answer is too long for it, or it is busy; try again';
  if (/reject/i.test(text))
    return 'the device does not understand the request: look into its manual which services it has';
  return 'the device is alive, and refuses this: look into its manual';
}
