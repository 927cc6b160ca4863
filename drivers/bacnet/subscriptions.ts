import type { Clock, Timer } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import type { Push, Reading } from '../../src/driver.ts';
import { formatBacnetAddress } from '../../src/model/bacnet-names.ts';
import type { Device } from '../../src/model/device.ts';
import type { BacnetAddress, Point } from '../../src/model/point.ts';
import type { Quality } from '../../src/model/quality.ts';
import type { BacnetClient } from './client.ts';
import { type Cov, createCov, dueMonoOf, isToBeAsked, stepCov } from './cov.ts';
import { type CovNotification, decodeCovNotification } from './cov-notification.ts';
import { describeOutcome, processId, requestOf, subscriptionKey } from './cov-request.ts';
import { isSamePeer, type Peer } from './peer.ts';
import { fillReading } from './point-value.ts';
import { dependsOnState, mayTrustFault, qualityOf } from './quality.ts';
import { addressOf, stateProperties } from './read-plan.ts';

export interface SubscriptionsOptions {
  readonly client: BacnetClient;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a device may take to answer, and how often it is asked again in that time. */
  readonly timeoutMs: number;
  readonly retries: number;
  readonly peerOf: (device: Device) => Peer | undefined;
  /** What the last poll said of the state of the object that the point is of. */
  readonly stateOf: (point: Point) => Quality | undefined;
  readonly onPush: (push: Push) => void;
}

/** Keeps devices telling changes of the points that want it, and takes what they tell. */
export interface Subscriptions {
  /** Their points with `cov` are subscribed to, once the device was heard. */
  watch(device: Device, points: readonly Point[]): void;
  /** It answered a read. */
  onHeard(device: Device): void;
  /** It did not. */
  onSilent(device: Device): void;
  /** It has said that it is there, as devices do that have just started: it may have forgotten what we asked for. */
  onAnnounced(instance: number): void;
  /** False when nobody here has asked for it. */
  onNotification(peer: Peer, payload: Buffer): boolean;
  /** What was told of a point after this time, while a read of it was under way; undefined when nothing was. */
  toldSince(point: Point, sinceMono: number): Readonly<Reading> | undefined;
  /** For people; undefined when nothing of the device is subscribed to. */
  describe(device: Device): string | undefined;
  close(): void;
}

/** One that we make, or want to. */
interface Subscription {
  readonly device: Device;
  readonly address: BacnetAddress;
  readonly points: Map<number, Point>;
  cov: Cov;
}

interface DeviceState {
  readonly device: Device;
  readonly subscriptions: Map<string, Subscription>;
  /** Only a device that answers is asked for more. */
  isHeard: boolean;
  isAsking: boolean;
  /** When it last said that it is there, and all was asked for again because of that. */
  announcedMono: number;
  /** What it told within the second that began then. */
  secondMono: number;
  toldInSecond: number;
  warnedMono: number;
}

/** On one bus; points beyond it are only polled. */
const mostSubscriptions = 4_096;

/** Notifications of one device in a second. What is beyond is acknowledged and not handed on: the next poll has the value. */
const mostToldPerSecond = 500;

/** A device that goes on like this is told of in the log once in this time. */
const warnedMs = 3_600_000;

/** Others ask who is there as well, and a device answers all of us: what it says is heeded once in this time. */
const announcedMs = 60_000;

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { client, clock, log, peerOf, stateOf, onPush } = options;
  const devices = new Map<number, DeviceState>();
  const told = new Map<number, { readonly reading: Reading; readonly atMono: number }>();
  let count = 0;
  let timer: Timer | undefined;
  let isClosed = false;

  function add(state: DeviceState, point: Point): void {
    const address = addressOf(point);
    const key = subscriptionKey(address);
    const known = state.subscriptions.get(key);
    if (known) known.points.set(point.number, point);
    else if (count === mostSubscriptions) {
      count += 1;
      log.warn(
        { most: mostSubscriptions },
        'more points with cov than one bus subscribes to: the rest are only polled',
      );
    } else if (count < mostSubscriptions) {
      count += 1;
      const points = new Map([[point.number, point]]);
      state.subscriptions.set(key, { device: state.device, address, points, cov: createCov(clock.monoMs()) });
    }
  }

  /** One request to each device at a time: reads go on beside it. */
  function goOn(): void {
    timer?.cancel();
    timer = undefined;
    if (isClosed) return;
    const nowMono = clock.monoMs();
    let nextMono = Number.POSITIVE_INFINITY;
    for (const state of devices.values()) {
      if (!state.isHeard || state.isAsking) continue;
      for (const subscription of state.subscriptions.values()) {
        change(subscription, stepCov(subscription.cov, { kind: 'tick' }, nowMono));
        if (!state.isAsking && isToBeAsked(subscription.cov, nowMono)) ask(state, subscription);
        nextMono = Math.min(nextMono, dueMonoOf(subscription.cov));
      }
    }
    // What is due and waits for its device to be done goes on with the end of that request.
    if (nextMono > nowMono && nextMono !== Number.POSITIVE_INFINITY) timer = clock.at(nextMono, goOn);
  }

  function ask(state: DeviceState, subscription: Subscription): void {
    const peer = peerOf(state.device);
    if (!peer) {
      state.isHeard = false;
      return;
    }
    state.isAsking = true;
    subscription.cov = stepCov(subscription.cov, { kind: 'asked' }, clock.monoMs());
    const { timeoutMs, retries } = options;
    client.request(
      { peer, ...requestOf(subscription.address), timeoutMs: timeoutMs / (1 + retries), retries },
      outcome => {
        state.isAsking = false;
        const nowMono = clock.monoMs();
        const input =
          outcome.kind === 'simple-ack'
            ? ({ kind: 'accepted' } as const)
            : ({ kind: 'failed', why: describeOutcome(outcome) } as const);
        change(subscription, stepCov(subscription.cov, input, nowMono));
        if (outcome.kind === 'timeout') state.isHeard = false;
        goOn();
      },
    );
  }

  /** Told once for each change, not for each try. */
  function change(subscription: Subscription, next: Cov): void {
    const { cov, device, address } = subscription;
    subscription.cov = next;
    if (cov.kind === next.kind || next.kind !== 'off' || next.tries > 1 || isClosed) return;
    const point = formatBacnetAddress(address);
    log.warn({ device: device.id, point, why: next.why }, 'device does not tell changes: the point is only polled');
  }

  function mayTell(state: DeviceState): boolean {
    const nowMono = clock.monoMs();
    if (nowMono >= state.secondMono + 1_000) {
      state.secondMono = nowMono;
      state.toldInSecond = 0;
    }
    state.toldInSecond += 1;
    if (state.toldInSecond === mostToldPerSecond + 1 && nowMono >= state.warnedMono + warnedMs) {
      state.warnedMono = nowMono;
      log.warn(
        { device: state.device.id, most: mostToldPerSecond },
        'device tells more changes in a second than are taken',
      );
    }
    return state.toldInSecond <= mostToldPerSecond;
  }

  function take(subscription: Subscription, { objectType, values }: CovNotification): void {
    const atMono = clock.monoMs();
    change(subscription, stepCov(subscription.cov, { kind: 'notified' }, atMono));
    const resultOf = (property: number) => {
      const found = values.find(one => one.property === property && one.index === undefined);
      return found && ({ kind: 'values', values: found.values } as const);
    };
    const state = {
      statusFlags: resultOf(stateProperties.statusFlags),
      reliability: resultOf(stateProperties.reliability),
      outOfService: resultOf(stateProperties.outOfService),
    };
    const isTold = Object.values(state).some(one => one !== undefined);
    for (const point of subscription.points.values()) {
      const { property, index, part } = addressOf(point);
      const value = values.find(one => one.property === property && one.index === index);
      if (!value) continue;
      const reading: Reading = { value: Number.NaN, text: undefined, quality: 'not-read' };
      fillReading(part, value.values, reading);
      if (dependsOnState(objectType, property)) {
        const quality = isTold ? qualityOf(state, mayTrustFault(objectType)) : stateOf(point);
        // Nobody knows yet whether it is right; the next poll does.
        if (quality === undefined || quality === 'unknown') continue;
        if (quality !== 'good') Object.assign(reading, { value: Number.NaN, text: undefined, quality });
      }
      told.set(point.number, { reading, atMono });
      onPush({ device: subscription.device, point, reading, atMono });
    }
  }

  return {
    watch(device, points) {
      const wanting = points.filter(point => addressOf(point).cov !== undefined);
      if (wanting.length === 0) return;
      const state = devices.get(device.number) ?? {
        device,
        subscriptions: new Map(),
        isHeard: false,
        isAsking: false,
        announcedMono: Number.NEGATIVE_INFINITY,
        secondMono: 0,
        toldInSecond: 0,
        warnedMono: Number.NEGATIVE_INFINITY,
      };
      devices.set(device.number, state);
      for (const point of wanting) add(state, point);
    },
    onHeard(device) {
      const state = devices.get(device.number);
      if (!state || state.isHeard) return;
      state.isHeard = true;
      doubt(state, clock.monoMs());
      goOn();
    },
    onSilent(device) {
      const state = devices.get(device.number);
      if (state) state.isHeard = false;
    },
    onAnnounced(instance) {
      const nowMono = clock.monoMs();
      for (const state of devices.values()) {
        if (state.device.bacnet?.instance !== instance || !state.isHeard) continue;
        if (nowMono < state.announcedMono + announcedMs) continue;
        state.announcedMono = nowMono;
        doubt(state, nowMono);
      }
      goOn();
    },
    onNotification(peer, payload) {
      const notification = decodeCovNotification(payload);
      if (!notification || notification.processId !== processId) return false;
      let isWanted = false;
      for (const state of devices.values()) {
        const { device, subscriptions } = state;
        if (device.bacnet?.instance !== notification.deviceInstance) continue;
        const from = peerOf(device);
        if (!from || !isSamePeer(from, peer)) continue;
        for (const subscription of subscriptions.values()) {
          const { objectType, instance } = subscription.address;
          if (objectType !== notification.objectType || instance !== notification.instance) continue;
          isWanted = true;
          if (mayTell(state)) take(subscription, notification);
        }
      }
      return isWanted;
    },
    toldSince(point, sinceMono) {
      const last = told.get(point.number);
      return last && last.atMono >= sinceMono ? last.reading : undefined;
    },
    describe(device) {
      const state = devices.get(device.number);
      if (!state) return undefined;
      const all = [...state.subscriptions.values()];
      const on = all.filter(({ cov }) => cov.kind === 'on' || (cov.kind === 'asking' && cov.heardMono !== undefined));
      const why = all.find(({ cov }) => cov.kind === 'off')?.cov;
      const reason = why?.kind === 'off' && state.isHeard ? ` (${why.why})` : '';
      return `tells changes of ${on.length} of ${all.length} values${reason}`;
    },
    close() {
      isClosed = true;
      timer?.cancel();
    },
  };
}

function doubt({ subscriptions }: DeviceState, nowMono: number): void {
  for (const subscription of subscriptions.values()) {
    subscription.cov = stepCov(subscription.cov, { kind: 'doubted' }, nowMono);
  }
}
