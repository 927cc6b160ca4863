import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { PlantroomError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Answer, Driver, Question } from '../driver.ts';
import { otherPointOf, type Rule } from '../model/alarm.ts';
import type { Bus } from '../model/bus.ts';
import { type Device, polledPart } from '../model/device.ts';
import type { Expression } from '../model/expression.ts';
import type { ReadMemory } from '../model/learned.ts';
import type { SampleBatch } from '../model/point.ts';
import type { BusView, DeviceView } from '../model/view.ts';
import { type BusPoller, createBusPoller } from './bus-poller.ts';
import type { AlarmedPoints } from './turn.ts';

export interface PollerOptions {
  readonly drivers: ReadonlyMap<Bus['protocol'], Driver>;
  readonly clock: Clock;
  /** What was learned of the devices before. */
  readonly memory?: ReadMemory<Device>;
  readonly random: Random;
  readonly log: Log;
  readonly onBatch: (batch: SampleBatch) => void;
  readonly onLateness: (latenessMs: number) => void;
}

/** What is polled: the part of a site that concerns the poller. */
export interface PollPlan {
  readonly buses: readonly Bus[];
  readonly devices: readonly Device[];
  /** The points that alarms need are read before the others. */
  readonly rules: readonly Rule[];
  /** What alarms need may be computed from points that are read. In order of dependency; none when left out. */
  readonly expressions?: readonly Expression[];
}

/** Polls every bus of a site. Buses share nothing: a dead one costs the others nothing. */
export interface Poller {
  /**
   * Polls this plan from now on. A bus that is the same as before, with the same devices and points, is not touched:
   * its cadence and its connection go on, also when alarms need other points of it now. Resolves when the buses that went
   * or changed are closed and replaced.
   *
   * @param beforePolling called when everything is planned, before the new buses are asked for anything
   */
  replace(plan: PollPlan, beforePolling?: () => void): Promise<void>;
  stop(): Promise<void>;
  /** Asks a device of a bus what a person wants to know; never rejects. See BusPoller. */
  ask(busId: string, question: Question, timeoutMs: number): Promise<Answer>;
  /** Forgets what was learned of a device. False when there is no such device. */
  forget(deviceId: string): boolean;
  buses(): readonly BusView[];
  devices(): readonly DeviceView[];
}

interface RunningBus {
  /** A digest of everything the bus poller was made from: equal digests, equal polling. */
  readonly signature: string;
  readonly poller: BusPoller;
}

export function createPoller(options: PollerOptions): Poller {
  let running = new Map<string, RunningBus>();

  function open(bus: Bus, devices: readonly Device[], alarmed: AlarmedPoints): BusPoller {
    const driver = options.drivers.get(bus.protocol);
    if (!driver) {
      throw new PlantroomError(`no driver for ${bus.protocol} (bus ${bus.id})`, { kind: 'internal' });
    }
    const log = options.log.child({ bus: bus.id });
    const { clock, memory } = options;
    const openBus = driver.create({ bus, clock, log, ...(memory && { memory }) });
    return createBusPoller({ ...options, log, bus, devices, alarmed, openBus });
  }

  return {
    async replace(plan, beforePolling) {
      const next = new Map<string, RunningBus>();
      const fresh: BusPoller[] = [];
      const leaving = new Set(running.values());
      const alarmed = alarmedBy(plan);
      for (const bus of plan.buses) {
        const devices = plan.devices.filter(device => device.bus === bus.id).map(polledPart);
        const signature = signatureOf(bus, devices);
        const current = running.get(bus.id);
        if (current?.signature === signature) {
          leaving.delete(current);
          current.poller.setAlarmed(alarmed);
          next.set(bus.id, current);
        } else {
          const poller = open(bus, devices, alarmed);
          fresh.push(poller);
          next.set(bus.id, { signature, poller });
        }
      }
      running = next;
      // A device may take one connection only: the old one is let go before the new one is made.
      await Promise.all([...leaving].map(({ poller }) => poller.stop()));
      beforePolling?.();
      for (const poller of fresh) poller.start();
    },
    async stop() {
      await Promise.all([...running.values()].map(({ poller }) => poller.stop()));
    },
    ask(busId, question, timeoutMs) {
      const bus = running.get(busId);
      if (bus) return bus.poller.ask(question, timeoutMs);
      return Promise.resolve({ kind: 'failed', reason: 'no-connection', detail: `the gateway has no bus "${busId}"` });
    },
    forget: deviceId => [...running.values()].some(({ poller }) => poller.forget(deviceId)),
    buses: () => [...running.values()].map(({ poller }) => poller.busView()),
    devices: () => [...running.values()].flatMap(({ poller }) => poller.deviceViews()),
  };
}

function alarmedBy({ rules, expressions = [] }: PollPlan): AlarmedPoints {
  const points = new Set<number>();
  for (const rule of rules) {
    if ('point' in rule) points.add(rule.point);
    const other = otherPointOf(rule);
    if (other !== undefined) points.add(other);
  }
  for (const { target, inputs } of expressions.toReversed()) {
    if (target.kind !== 'suppression' && !points.has(target.point.number)) continue;
    for (const input of inputs) if ('point' in input) points.add(input.point);
  }
  return points;
}

function signatureOf(bus: Bus, devices: readonly Device[]): string {
  const text = JSON.stringify([bus, devices], (_key, value) => (value instanceof Map ? [...value] : value));
  return createHash('sha256').update(text).digest('base64');
}
