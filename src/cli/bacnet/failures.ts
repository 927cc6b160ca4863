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
    return 'ss -lunp shows which program has it; end it, or ask from another port: --port 47809 --to HOST:47808';
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

/** Refusals that have plain words: what the device means, and what to do about it. */
const refusals: readonly (readonly [RegExp, words: string, hint: string])[] = [
  [/unknown-object/, 'it has no such object', 'plantroom scan bacnet --objects lists the objects that it has'],
  [/unknown-property/, 'the object has no such property', 'look into the manual of the device which ones it has'],
  [/array-index/, 'the array has no such element', 'elements count from 1; [0] tells how many there are'],
  [/not-an-array/, 'the property is no array', 'leave the [index] out'],
  [/access-denied/, 'it does not let us read this', 'the device has to be set up so that it may be read'],
  [/^error/, 'the device answers with an error', 'the device is alive and refuses this: look into its manual'],
  [/^reject/, 'the device does not understand the request', 'look into its manual which services it has'],
  [
    /^abort/,
    'the device gave up on the request',
    'its answer is too long for it, or it is busy: ask for one element, property[1], or try again',
  ],
];

/** Why a device refused to tell a property. @param text as the driver says it: `error property unknown-property` */
export function explainRefusal(text: string): { readonly words: string; readonly hint: string } {
  const [, words, hint] = refusals.find(([pattern]) => pattern.test(text)) ?? [];
  return { words: words ?? 'it does not tell', hint: hint ?? 'try again' };
}
