import type { Clock, Timer } from '../../base/clock.ts';
import type { Answer } from './answer.ts';
import { encodeConfirmed, encodeUnconfirmed, errors, service, unconfirmed } from './apdu.ts';
import type { BacnetFaults } from './bacnet-fault.ts';
import {
  decodeSubscribe,
  encodeNotification,
  isSameSubscription,
  isWorthTelling,
  type SubscribeRequest,
  type Subscription,
  watchedValues,
} from './cov.ts';
import type { ObjectTable } from './device-objects.ts';
import { objectTypes } from './ids.ts';
import type { Remote } from './remote.ts';
import { objectId } from './value.ts';

export interface CovDesk {
  subscribe(body: Buffer, ofProperty: boolean, from: Remote): Answer;
  /** An answer to a confirmed notification: it is not sent again. */
  acknowledge(from: Remote, invokeId: number): void;
  /** Ends what has lapsed, and tells the others what has changed. */
  tellChanges(): void;
  count(): number;
  /** Ends all, without a word. */
  forget(): void;
}

export interface CovDeskOptions {
  readonly clock: Clock;
  readonly table: () => ObjectTable;
  readonly faults: () => BacnetFaults;
  readonly send: (to: Remote, apdu: Buffer, isReplyExpected: boolean) => void;
}

/** More are refused. */
const mostSubscriptions = 500;
/** A confirmed notification that nobody acknowledges is sent again after this, so often. */
const repeatAfterMs = 3_000;
const mostRepeats = 3;

/** Who wants to be told of changes of one device, and what is not acknowledged yet. */
export function createCovDesk({ clock, table, faults, send }: CovDeskOptions): CovDesk {
  let subscriptions: Subscription[] = [];
  const open = new Map<string, Timer>();
  let lastInvokeId = 0;

  const subscribe = (body: Buffer, ofProperty: boolean, from: Remote): Answer => {
    const request = decodeSubscribe(body, ofProperty);
    if (typeof request === 'number') return { kind: 'reject', reason: request };
    if (faults().has('cov-refused')) return { kind: 'error', error: errors.covFailed };
    const object = table().find(request.object.type, request.object.instance);
    if (!object) return { kind: 'error', error: errors.unknownObject };
    const watched = watchedValues(table(), object, request.reference);
    if (!Array.isArray(watched)) return { kind: 'error', error: watched };
    const others = subscriptions.filter(one => !isSameSubscription(one, from.key, request));
    if (request.wish === undefined) {
      subscriptions = others;
      return { kind: 'simple-ack' };
    }
    if (others.length >= mostSubscriptions) return { kind: 'error', error: errors.covFailed };
    const added = { ...subscriptionOf(request, clock.monoMs()), remote: from, object, told: [] };
    subscriptions = [...others, added];
    // The first notification follows the acknowledgement.
    clock.at(clock.monoMs(), tellChanges);
    return { kind: 'simple-ack' };
  };

  const tellChanges = () => {
    const now = clock.monoMs();
    subscriptions = subscriptions.filter(({ endsMono }) => endsMono === undefined || endsMono > now).map(tell);
  };

  const tell = (one: Subscription): Subscription => {
    const watched = watchedValues(table(), one.object, one.reference);
    if (!Array.isArray(watched)) return one;
    const told = watched.flatMap(({ values }) => values);
    if (!isWorthTelling(table(), one, told)) return one;
    const { instance } = table().facts;
    const leftS = one.endsMono === undefined ? 0 : Math.ceil((one.endsMono - clock.monoMs()) / 1_000);
    const processId = one.processId + (faults().has('cov-wrong-process') ? 1 : 0);
    const { type, instance: number } = one.object;
    const object = { type, instance: number + (faults().has('wrong-object') ? 1 : 0) };
    const body = encodeNotification(objectId(objectTypes.device, instance), { processId, object }, leftS, watched);
    if (!faults().has('cov-stops')) {
      notify(one, body);
      if (faults().has('cov-repeated')) notify(one, body);
    }
    return { ...one, told };
  };

  const notify = ({ remote, isConfirmed }: Subscription, body: Buffer) => {
    if (!isConfirmed) return send(remote, encodeUnconfirmed(unconfirmed.covNotification, body), false);
    lastInvokeId = (lastInvokeId + 1) & 0xff;
    repeat(remote, lastInvokeId, encodeConfirmed(lastInvokeId, service.confirmedCov, body), 0);
  };

  const repeat = (remote: Remote, invokeId: number, apdu: Buffer, repeats: number) => {
    const key = `${remote.key}#${invokeId}`;
    open.get(key)?.cancel();
    open.delete(key);
    send(remote, apdu, true);
    if (repeats >= mostRepeats) return;
    open.set(
      key,
      clock.at(clock.monoMs() + repeatAfterMs, () => repeat(remote, invokeId, apdu, repeats + 1)),
    );
  };

  return {
    subscribe,
    acknowledge(from, invokeId) {
      const key = `${from.key}#${invokeId}`;
      open.get(key)?.cancel();
      open.delete(key);
    },
    tellChanges,
    count: () => subscriptions.length,
    forget() {
      subscriptions = [];
      for (const timer of open.values()) timer.cancel();
      open.clear();
    },
  };
}

/** A lifetime of 0 has no end. */
function subscriptionOf(
  { processId, reference, wish, increment }: SubscribeRequest,
  nowMono: number,
): Omit<Subscription, 'remote' | 'object' | 'told'> {
  const lifetimeS = wish?.lifetimeS ?? 0;
  const endsMono = lifetimeS === 0 ? undefined : nowMono + 1_000 * lifetimeS;
  return { processId, reference, isConfirmed: wish?.isConfirmed === true, endsMono, increment };
}
