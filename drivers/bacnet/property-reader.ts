import type { BadReason } from '../../src/model/quality.ts';
import type { BacnetClient } from './client.ts';
import {
  abortReasonNames,
  encodeReadMultiple,
  encodeReadProperty,
  errorClasses,
  errorCodes,
  rejectReasonNames,
} from './codec.ts';
import {
  copyOf,
  keyOf,
  type Learned,
  learnRefusal,
  learnResponse,
  nextPart,
  type Part,
  review,
  triesWithin,
  unlearn,
} from './learned.ts';
import type { Peer } from './peer.ts';
import { matchReadMultiple } from './read-multiple.ts';
import { matchReadProperty } from './read-property.ts';
import type { Outcome } from './request.ts';
import { requestServices } from './services.ts';
import type { PropertyReference, PropertyResult } from './values.ts';

export interface PropertyQuestion {
  readonly peer: Peer;
  readonly properties: readonly PropertyReference[];
  readonly learned: Learned;
  /** How long the device may take for each part, all its repetitions included. */
  readonly timeoutMs: number;
  /** How often each part is sent again within that time, at the most. */
  readonly retries: number;
  readonly nowMono: number;
}

export type PropertyAnswer =
  | PropertyResult
  /** The device answers, but not this, for a reason that is not of the property. */
  | { readonly kind: 'refused'; readonly by: 'reject' | 'abort'; readonly reason: number; readonly text: string };

export type PropertyAnswers =
  /** By keyOf: one for each property. */
  | { readonly kind: 'answered'; readonly answers: ReadonlyMap<string, PropertyAnswer>; readonly responseMs: number }
  | { readonly kind: 'failed'; readonly reason: BadReason; readonly detail: string };

/** Single properties that a device may refuse for reasons of its own, with no value so far, before the rest is given up. */
const mostRefusedAlone = 4;

/**
 * Errors of these classes are of the device, not of one of the properties: it is not in operation, has no memory, or does not
 * reach what is behind it (device, resources, communication).
 */
export const deviceErrorClasses: readonly number[] = [0, 3, 7];

/**
 * Reads properties of one device in as few requests as it takes, one after the other, and learns how many it takes: half as
 * many after an abort or a reject, one by one where it knows no better. From a device that refuses everything nothing is
 * learned. Tells its end once, never before it returns.
 */
export function readProperties(
  client: BacnetClient,
  question: PropertyQuestion,
  onEnd: (answers: PropertyAnswers) => void,
): void {
  const { peer, learned, timeoutMs, retries, nowMono } = question;
  const answers = new Map<string, PropertyAnswer>();
  let left = question.properties;
  let responseMs = 0;
  let most = Number.POSITIVE_INFINITY;
  let hasValues = false;
  let refusedAlone = 0;
  let before: Learned | undefined;

  function askNext(): void {
    if (answers.size > 0) left = left.filter(one => !answers.has(keyOf(one)));
    if (left.length === 0) {
      onEnd({ kind: 'answered', answers, responseMs });
      return;
    }
    const part = nextPart(left, learned, most);
    const isSingle = part.service === 'read-property';
    const tries = triesWithin(learned, timeoutMs, retries);
    client.request(
      {
        peer,
        service: isSingle ? requestServices.readProperty : requestServices.readPropertyMultiple,
        payload: payloadOf(part),
        timeoutMs: timeoutMs / tries,
        retries: tries - 1,
        // Once it has begun to answer in pieces, it may finish.
        transferMs: timeoutMs,
      },
      outcome => onOutcome(part, outcome),
    );
  }

  function onOutcome(part: Part, outcome: Outcome): void {
    if ('responseMs' in outcome) {
      ({ responseMs } = outcome);
      learnResponse(learned, responseMs);
    }
    const failure = takeOutcome(part, outcome);
    if (failure) onEnd({ kind: 'failed', ...failure });
    else askNext();
  }

  function takeOutcome(part: Part, outcome: Outcome): { reason: BadReason; detail: string } | undefined {
    switch (outcome.kind) {
      case 'ack':
        return takeAck(part, outcome.payload);
      case 'error':
      case 'reject':
      case 'abort':
        takeRefusal(part, outcome);
        return undefined;
      case 'simple-ack':
        return { reason: 'bad-reply', detail: 'an answer without values' };
      case 'timeout':
        return { reason: 'timeout', detail: 'no answer' };
      case 'no-connection':
      case 'bad-reply':
        return { reason: outcome.kind, detail: outcome.detail };
    }
  }

  function takeAck({ properties, service }: Part, payload: Buffer): { reason: BadReason; detail: string } | undefined {
    const [first] = properties;
    if (service === 'read-property' && first) {
      const matched = matchReadProperty(first, payload);
      if (matched.kind === 'wrong') return { reason: 'bad-reply', detail: matched.detail };
      answers.set(keyOf(first), matched);
      hasValues = true;
      return undefined;
    }
    const matched = matchReadMultiple(properties, payload);
    if (matched.kind === 'wrong') return { reason: 'bad-reply', detail: matched.detail };
    hasValues = true;
    most *= 2;
    for (const [index, result] of matched.results.entries()) {
      const property = properties[index];
      if (property) answers.set(keyOf(property), result);
    }
    return undefined;
  }

  function takeRefusal({ properties, service }: Part, refusal: Outcome & { kind: 'error' | 'reject' | 'abort' }): void {
    const isOfDevice = refusal.kind === 'error' && deviceErrorClasses.includes(refusal.errorClass);
    if (service === 'read-property' || isOfDevice) {
      for (const one of properties) refuse(one, refusal);
      if (isOfDevice || refusal.kind !== 'error') giveUpWhereAllIsRefused(refusal);
      return;
    }
    before ??= copyOf(learned);
    const reason = 'reason' in refusal ? refusal.reason : undefined;
    most = learnRefusal(learned, properties, { kind: refusal.kind, reason }, nowMono);
  }

  function refuse(one: PropertyReference, refusal: Outcome & { kind: 'error' | 'reject' | 'abort' }): void {
    const { kind } = refusal;
    const answer: PropertyAnswer =
      kind === 'error'
        ? refusal
        : { kind: 'refused', by: kind, reason: refusal.reason, text: describeRefusal(refusal) };
    answers.set(keyOf(one), answer);
  }

  function giveUpWhereAllIsRefused(refusal: Outcome & { kind: 'error' | 'reject' | 'abort' }): void {
    refusedAlone += 1;
    if (hasValues || refusedAlone < mostRefusedAlone) return;
    for (const one of left) refuse(one, refusal);
    if (before) unlearn(learned, before);
  }

  review(learned, nowMono);
  askNext();
}

function payloadOf({ properties, service }: Part): Buffer {
  const [first] = properties;
  return service === 'read-property' && first ? encodeReadProperty(first) : encodeReadMultiple(properties);
}

/** `error property unknown-property`, `abort segmentation-not-supported` */
export function describeRefusal(
  refusal:
    | { readonly kind: 'error'; readonly errorClass: number; readonly errorCode: number }
    | { readonly kind: 'reject' | 'abort'; readonly reason: number },
): string {
  switch (refusal.kind) {
    case 'error':
      return `error ${errorClasses.nameOf(refusal.errorClass)} ${errorCodes.nameOf(refusal.errorCode)}`;
    case 'reject':
      return `reject ${rejectReasonNames.nameOf(refusal.reason)}`;
    case 'abort':
      return `abort ${abortReasonNames.nameOf(refusal.reason)}`;
  }
}
