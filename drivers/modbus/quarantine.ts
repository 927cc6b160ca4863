import type { ExpectedReply } from './reply.ts';
import { checkRtuFrame, rtuFrameBytes } from './rtu-frame.ts';

/** An answer that did not come in time, or came damaged, and may still come. */
interface Late {
  readonly expected: ExpectedReply;
  readonly untilMono: number;
}

/**
 * Units that owe an answer. Nothing in an RTU frame tells which request it answers, so a unit that did not answer
 * properly is not asked again until its late answer was seen, or the longest time it can take has passed. Others may be
 * asked: what comes from a unit that owes an answer carries its unit id, and is set aside.
 */
export class Quarantine {
  readonly #late = new Map<number, Late>();

  add(expected: ExpectedReply, untilMono: number): void {
    this.#late.set(expected.unitId, { expected, untilMono });
  }

  /** Until when this unit is not to be asked; 0 when it may be at once. */
  untilMono(unitId: number, nowMono: number): number {
    const late = this.#late.get(unitId);
    if (!late) return 0;
    if (late.untilMono > nowMono) return late.untilMono;
    this.#late.delete(unitId);
    return 0;
  }

  /**
   * Looks for a late answer in the bytes from `at` up to, without, `end`.
   *
   * @returns its length when one is there, whole and right; 0 while it may become one; undefined when it is none
   */
  takeLate(bytes: Uint8Array, at: number, end: number): number | undefined {
    const late = this.#late.get(bytes[at] ?? 0);
    if (!late) return undefined;
    const check = checkRtuFrame(bytes, at, end, late.expected);
    if (check.kind === 'wrong') return undefined;
    if (check.kind === 'incomplete') return 0;
    this.#late.delete(late.expected.unitId);
    return rtuFrameBytes(check.aduBytes);
  }
}
