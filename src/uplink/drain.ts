import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { Lane, type LaneSource, type Parcel } from './lane.ts';
import type { Link, Message } from './link.ts';
import { packetBytes } from './packet.ts';

/** Most publishes in flight, whatever the broker allows: it bounds what is sent twice after a broken connection. */
export const longestWindow = 20;

/** How long the broker may take to acknowledge a publish. */
export const publishTimeoutMs = 10_000;

/** MQTT 5 reason codes (2.4). */
const firstRefusal = 0x80;
const packetTooLarge = 0x95;

export interface DrainOptions {
  readonly link: Link;
  /** In the order of their rank: a lane sends only when the broker has taken all of those before it. */
  readonly sources: readonly LaneSource[];
  /** The first message on this connection; it is not repeated. */
  readonly birth: Message;
  readonly clock: Clock;
  readonly random: Random;
  /** The words for a refusal. */
  readonly describe: (reasonCode: number, topic: string) => string;
  /** Why a topic does not move; undefined when it moves again. */
  readonly onTrouble: (topic: string, text: string | undefined) => void;
  /** The broker took a message (reason below 0x80). */
  readonly onAccepted: (parcel: Parcel, reasonCode: number) => void;
  /** No answer to a publish in time: the connection is worth nothing any more. */
  readonly onUnanswered: (topic: string) => void;
}

/** Sends the outbox over one connection. */
export interface Drain {
  /** What the broker has not answered, oldest first. */
  readonly unanswered: ReadonlySet<Message>;
  /** The outbox has something new. */
  notify(): void;
  /** Sends nothing new but this last message, and resolves when everything in flight is answered and settled. */
  finish(last: Message): Promise<void>;
  /** The connection is gone. Resolves when what it had accepted is settled. */
  stop(): Promise<void>;
}

export function createDrain(options: DrainOptions): Drain {
  const { link, clock, random } = options;
  const window = Math.max(1, Math.min(link.receiveMaximum, longestWindow));
  const finished = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const unanswered = new Set<Message>();
  let isFinishing = false;
  let isStopped = false;
  let last: Message | undefined;

  const lanes = options.sources.map(source => ({
    source,
    lane: new Lane({
      source,
      clock,
      random,
      onReady: pump,
      onTrouble: text => options.onTrouble(source.topic, text),
    }),
  }));

  function pump(): void {
    while (!isStopped && unanswered.size < window && (isFinishing ? sendLast() : sendNext()));
    if (!lanes.every(({ lane }) => lane.isSettled)) return;
    if (isFinishing && unanswered.size === 0 && !last) finished.resolve();
    if (isStopped) stopped.resolve();
  }

  /** False when there is nothing to send now. */
  function sendNext(): boolean {
    const first = lanes.find(({ lane }) => !lane.isIdle);
    const taken = first?.lane.take();
    if (!first || !taken) return false;
    const { lane, source } = first;
    const { parcel, message } = taken;
    send(message, reasonCode => {
      if (reasonCode < firstRefusal) {
        options.onAccepted(parcel, reasonCode);
        lane.accept(parcel);
        return;
      }
      if (reasonCode === packetTooLarge) source.cutSmaller(message);
      lane.refuse(parcel, options.describe(reasonCode, message.topic));
    });
    return true;
  }

  function sendLast(): boolean {
    if (!last) return false;
    send(last, () => {});
    last = undefined;
    return true;
  }

  function send(message: Message, onAnswer: (reasonCode: number) => void): void {
    unanswered.add(message);
    const deadline = clock.at(clock.monoMs() + publishTimeoutMs, () => options.onUnanswered(message.topic));
    publish(message).then(reasonCode => {
      deadline.cancel();
      // Without an answer the connection has ended, and this drain with it.
      if (reasonCode === undefined) return;
      unanswered.delete(message);
      onAnswer(reasonCode);
      pump();
    });
  }

  /** A broker ends the connection over a packet beyond its limit, so such a packet is refused on this side. */
  async function publish(message: Message): Promise<number | undefined> {
    return packetBytes(message) > link.longestPacketBytes ? packetTooLarge : link.publish(message);
  }

  send(options.birth, reasonCode => {
    const isTaken = reasonCode < firstRefusal;
    options.onTrouble(options.birth.topic, isTaken ? undefined : options.describe(reasonCode, options.birth.topic));
  });
  pump();

  return {
    unanswered,
    notify() {
      for (const { lane } of lanes) lane.wake();
      pump();
    },
    finish(message) {
      isFinishing = true;
      last = message;
      pump();
      return finished.promise;
    },
    stop() {
      isStopped = true;
      for (const { lane } of lanes) lane.stop();
      pump();
      return stopped.promise;
    },
  };
}
