import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { ReadOutcome } from '../driver.ts';
import { type Bus, isOfPlant, lanesOf } from '../model/bus.ts';
import { createDeadShare } from './dead-share.ts';
import { postponeProbe, probeNow, stepHealth } from './device-health.ts';
import { isOffline, nextProbed, nextProbeMono, type PolledDevice, putOffFullTimeout } from './polled-device.ts';
import { addResponse } from './response-time.ts';
import { timerResolutionMs } from './turn.ts';

export interface RollCallOptions {
  readonly bus: Bus;
  readonly owners: readonly PolledDevice[];
  readonly startMono: number;
  readonly random: Random;
  readonly log: Log;
  /** A device that was offline answers again. */
  readonly onReturn: (owner: PolledDevice, nowMono: number) => void;
}

/** Who is there on a bus: learns from the outcome of every request, and says when an absent device is probed. */
export interface RollCall {
  learn(owner: PolledDevice, outcome: ReadOutcome, startMono: number, isProbe: boolean): void;
  /** It told something by itself, so it is there: when it was called absent it is probed at once. */
  hear(owner: PolledDevice, nowMono: number): void;
  /** The absent device that is to be probed now, if there is one and the bus can spare the time. */
  dueProbe(nowMono: number): PolledDevice | undefined;
  /** When there may be a probe to make; infinite when nobody is absent. */
  nextProbeMono(): number;
  /** Share of the last minute that requests in vain to absent devices have taken, 0 to 1. */
  deadShare(nowMono: number): number;
}

export function createRollCall({ bus, owners, startMono, random, log, onReturn }: RollCallOptions): RollCall {
  const lanes = lanesForProbes(bus);
  const share = isOfPlant(bus) ? bus.deadDeviceShare : 1;
  const dead = createDeadShare(share * lanes, startMono);
  /** With one lane the bus itself sees to it that there is one. */
  const mostProbes = lanes === 1 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(share * lanes));
  let absent = 0;

  function probesUnderWay(): number {
    return mostProbes === Number.POSITIVE_INFINITY
      ? 0
      : owners.filter(one => isOffline(one) && one.underWay > 0).length;
  }

  /** Where nobody answers, nobody is hurt by a probe. */
  function probesFreeMono(): number {
    return absent === owners.length ? Number.NEGATIVE_INFINITY : dead.freeMono;
  }

  /** Paid for by those who would have to wait for it; a first request is free, so that a start is not slow. */
  function spend(owner: PolledDevice, startMono: number, endMono: number): void {
    const { kind } = owner.health;
    if (kind === 'offline' && absent < owners.length) dead.spend(startMono, endMono);
    else if (kind === 'offline' || kind === 'unknown') dead.note(startMono, endMono);
  }

  /** One log line per change of state, not per failed read. */
  function onGone(owner: PolledDevice, nowMono: number): void {
    absent += 1;
    putOffFullTimeout(owner, nowMono);
    log.warn({ device: owner.device.id, failure: owner.lastFailure }, 'device does not answer');
  }

  function onBack(owner: PolledDevice, nowMono: number): void {
    // When the first device of a dead bus is back, it was the bus.
    if (absent === owners.length) for (const other of owners) other.health = probeNow(other.health, nowMono);
    absent -= 1;
    log.info({ device: owner.device.id }, 'device answers again');
    onReturn(owner, nowMono);
  }

  return {
    learn(owner, outcome, startMono, isProbe) {
      const { atMono } = outcome;
      const isAnswered = outcome.kind === 'answered';
      const wasOffline = isOffline(owner);
      if (outcome.kind === 'failed' && !outcome.wasAsked) {
        if (isProbe) owner.health = postponeProbe(owner.health, atMono);
        return;
      }
      if (outcome.kind === 'answered') addResponse(owner.response, outcome.responseMs);
      else spend(owner, startMono, atMono);
      // Of several reads that were under way when the device went, the last ones are no probes.
      if (wasOffline && !isProbe && !isAnswered) return;
      owner.health = stepHealth(owner.health, isAnswered, atMono, random);
      if (!wasOffline && isOffline(owner)) onGone(owner, atMono);
      else if (wasOffline && !isOffline(owner)) onBack(owner, atMono);
    },
    hear(owner, nowMono) {
      owner.health = probeNow(owner.health, nowMono);
    },
    dueProbe(nowMono) {
      const byMono = nowMono + timerResolutionMs;
      if (probesUnderWay() >= mostProbes) return undefined;
      return absent > 0 && byMono > probesFreeMono() ? nextProbed(owners, byMono) : undefined;
    },
    nextProbeMono() {
      if (absent === 0 || probesUnderWay() >= mostProbes) return Number.POSITIVE_INFINITY;
      return Math.max(nextProbeMono(owners), probesFreeMono());
    },
    deadShare: nowMono => dead.share(nowMono) / lanes,
  };
}

/**
 * Requests to absent devices that may be under way beside each other: on BACnet/IP they share no connection and no line, so
 * one that waits in vain takes its own place and nobody else's.
 */
function lanesForProbes(bus: Bus): number {
  return bus.protocol === 'bacnet-ip' ? lanesOf(bus) : 1;
}
