import type { CommunicationRule } from '../../model/alarm.ts';
import type { SampleBatch } from '../../model/point.ts';
import { isCommunicationLoss } from '../../model/quality.ts';
import { createDelay, type Delay, freezeDelay, runDelay, stopDelay } from '../delay.ts';
import type { Judgement } from '../judgement.ts';

/** A device that is not heard. */
export interface CommunicationCondition {
  readonly kind: 'communication';
  /** How long no read may be answered before the device is lost: the on-delay of the rule. */
  readonly lossMs: number;
  readonly silence: Delay;
  isLost: boolean;
}

export function createCommunicationCondition(rule: CommunicationRule): CommunicationCondition {
  return { kind: 'communication', lossMs: rule.onDelayMs, silence: createDelay(), isLost: false };
}

/**
 * One failed read among answered ones is no loss: only silence of lossMs is. That holds on the way back too. Otherwise a
 * device whose one bad register block times out would never be back, and its alarm would stand for ever.
 */
export function judgeCommunication(condition: CommunicationCondition, batch: SampleBatch, mono: number): Judgement {
  if (batch.isAnswered) {
    restartSilence(condition);
    return 'gone';
  }
  if (!wasAsked(batch)) {
    freezeDelay(condition.silence, mono);
    return 'unsure';
  }
  condition.isLost ||= runDelay(condition.silence, mono, condition.lossMs);
  return condition.isLost ? 'met' : 'unsure';
}

/** The device is given its whole on-delay again, since it had no chance so far. */
export function restartSilence(condition: CommunicationCondition): void {
  condition.isLost = false;
  stopDelay(condition.silence);
}

/** A read that the bus had no time for tells nothing about the device. */
export function wasAsked(batch: SampleBatch): boolean {
  const first = batch.samples[0];
  return first === undefined || isCommunicationLoss(first.quality);
}
