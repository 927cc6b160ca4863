import type { Clock } from '../../src/base/clock.ts';
import type { Answer, BacnetQuestion } from '../../src/driver.ts';
import type { BacnetFound, BacnetShown, BacnetTarget } from '../../src/model/bacnet-view.ts';
import type { IAm } from './announcements.ts';
import type { BacnetClient } from './client.ts';
import { encodeWhoIs } from './codec.ts';
import { isSameDevice, settleMs } from './device-finding.ts';
import { identityOf, isOtherDevice } from './identity.ts';
import { keyOf, unlearned } from './learned.ts';
import { type Peer, peerKey } from './peer.ts';
import { numberOf, textOf } from './point-value.ts';
import { describeRefusal, type PropertyAnswer, readProperties } from './property-reader.ts';
import type { BacnetValue } from './values.ts';

export interface QuestionsOptions {
  readonly client: BacnetClient;
  readonly clock: Clock;
  readonly retries: number;
  /** Where a device of the site is; undefined for others, and for those that are not found yet. */
  readonly peerOf: (instance: number) => Peer | undefined;
  /** Why nothing can be sent; undefined while it can. */
  readonly downBecause: () => string | undefined;
}

/** What people ask: who is there, and what a device says of properties that need not be in the site file. */
export interface Questions {
  ask(question: BacnetQuestion, timeoutMs: number, onAnswer: (answer: Answer) => void): void;
  onIAm(peer: Peer, iAm: IAm): void;
  close(): void;
}

/** Devices that one question lists; who answers later is left out. */
const mostFound = 4_096;

/** Listens for answers to one question; ends once. */
interface Listener {
  readonly hear: (peer: Peer, iAm: IAm) => void;
  readonly end: (isClosed: boolean) => void;
}

const closedAnswer: Answer = { kind: 'failed', reason: 'no-connection', detail: 'the bus is closed' };

export function createQuestions({ client, clock, retries, peerOf, downBecause }: QuestionsOptions): Questions {
  const listeners = new Set<Listener>();

  const downAnswer = (): Answer => ({ kind: 'failed', reason: 'no-connection', detail: downBecause() ?? '' });

  function listen(waitMs: number, range: Range, onEnd: (found: readonly BacnetFound[] | undefined) => void): void {
    const found = new Map<string, BacnetFound>();
    const listener: Listener = {
      hear(peer, { instance, vendorId, maxApdu, segmentation }) {
        if (range && (instance < range.low || instance > range.high)) return;
        if (found.size >= mostFound) return;
        found.set(`${instance} ${peerKey(peer)}`, { instance, vendorId, maxApdu, segmentation, ...peer });
      },
      end(isClosed) {
        if (!listeners.delete(listener)) return;
        timer.cancel();
        onEnd(isClosed ? undefined : [...found.values()]);
      },
    };
    const timer = clock.at(clock.monoMs() + waitMs, () => listener.end(false));
    listeners.add(listener);
  }

  /** The one device of this instance, looked for by everybody's answer. */
  function locate(
    target: BacnetTarget,
    waitMs: number,
    onEnd: (found: { peer: Peer; maxApdu: number | undefined } | Answer) => void,
  ): void {
    const known = target.kind === 'place' ? target.place : peerOf(target.instance);
    if (known) {
      onEnd({ peer: known, maxApdu: undefined });
      return;
    }
    const instance = target.kind === 'instance' ? target.instance : 0;
    const range = { low: instance, high: instance };
    listen(waitMs, range, found => {
      const [only, ...others] = found ?? [];
      if (!found) onEnd(closedAnswer);
      else if (!only && downBecause() !== undefined) onEnd(downAnswer());
      else if (!only) {
        onEnd({ kind: 'failed', reason: 'timeout', detail: `no device says that it is ${instance}` });
      } else if (others.some(other => !isSameDevice(other, only))) {
        const peers = found.map(peerKey).join(' and ');
        onEnd({ kind: 'failed', reason: 'bad-reply', detail: `${peers} all say that they are device ${instance}` });
      } else onEnd({ peer: placeOf(only), maxApdu: only.maxApdu });
    });
    client.broadcast(encodeWhoIs(range));
  }

  return {
    ask(question, timeoutMs, onAnswer) {
      if (question.kind === 'who-is') {
        const { range, at } = question;
        listen(timeoutMs, range, devices => {
          if (!devices) onAnswer(closedAnswer);
          else if (devices.length === 0 && downBecause() !== undefined) onAnswer(downAnswer());
          else onAnswer({ kind: 'bacnet-devices', devices });
        });
        if (at) client.sendUnconfirmed(at, encodeWhoIs(range));
        else client.broadcast(encodeWhoIs(range));
        return;
      }
      const properties = question.properties.map(one => ({ ...one, index: one.index }));
      const searchMs = Math.min(settleMs, timeoutMs / 2);
      const askedMono = clock.monoMs();
      locate(question.target, searchMs, place => {
        if ('kind' in place) {
          onAnswer(place);
          return;
        }
        const learned = { ...unlearned(), maxApdu: place.maxApdu };
        const { peer } = place;
        const { target } = question;
        const identity = target.kind === 'instance' ? [identityOf(target.instance)] : [];
        const asked = [...identity, ...properties];
        const nowMono = clock.monoMs();
        // What the search took is part of what the person waits.
        const leftMs = timeoutMs - (nowMono - askedMono);
        readProperties(client, { peer, properties: asked, learned, timeoutMs: leftMs, retries, nowMono }, end => {
          if (end.kind === 'failed') onAnswer({ kind: 'failed', reason: end.reason, detail: end.detail });
          else if (
            target.kind === 'instance' &&
            isOtherDevice(target.instance, end.answers.get(keyOf(identityOf(target.instance))))
          ) {
            const detail = `the device at ${peerKey(peer)} is not ${target.instance}`;
            onAnswer({ kind: 'failed', reason: 'bad-reply', detail });
          } else {
            const values = properties.map(one => show(end.answers.get(keyOf(one))));
            onAnswer({ kind: 'bacnet-values', values, responseMs: end.responseMs });
          }
        });
      });
    },
    onIAm(peer, iAm) {
      for (const { hear } of listeners) hear(peer, iAm);
    },
    close() {
      for (const { end } of [...listeners]) end(true);
    },
  };
}

type Range = { readonly low: number; readonly high: number } | undefined;

function placeOf({ host, port, network, mac }: BacnetFound): Peer {
  return { host, port, network, mac };
}

function show(answer: PropertyAnswer | undefined): BacnetShown {
  if (answer?.kind === 'values') return { kind: 'values', values: answer.values.map(showValue) };
  if (answer?.kind === 'error') return { kind: 'refused', text: describeRefusal(answer) };
  return { kind: 'refused', text: answer?.text ?? 'not answered' };
}

function showValue(value: BacnetValue) {
  const number = numberOf(value);
  return {
    type: value.kind,
    text: textOf(value),
    number: Number.isFinite(number) ? number : null,
    ...(value.kind === 'object' && { object: { objectType: value.type, instance: value.instance } }),
  };
}
