import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { Lane, type LaneSource, type Parcel } from './lane.ts';
import type { Link, Message } from './link.ts';
import type { MessageSize } from './message-size.ts';
import { packetBytes, payloadBytes } from './packet.ts';

/** Most publishes in flight, whatever the broker allows. */
const mostInFlight = 20;

/** How long the broker may take to acknowledge a publish. */
export const publishTimeoutMs = 10_000;

/** When so many messages wait to be said at once (births and replies), what more there is to say is not said. */
const mostExpress = 64;

/** MQTT 5 reason codes (2.4, 3.4.2.1). */
const firstRefusal = 0x80;
const packetTooLarge = 0x95;
const noMatchingSubscribers = 0x10;

export interface DrainOptions {
  readonly link: Link;
  readonly size: MessageSize;
  /** What is published in the place of a message, in this order. */
  readonly seal: (message: Message) => readonly Message[];
  readonly clock: Clock;
  readonly random: Random;
  /** The words for a refusal. */
  readonly describe: (reasonCode: number, topic: string) => string;
  /** Why a lane does not move, or a message was not taken, by the lane's name or the topic; undefined when it is over. */
  readonly onTrouble: (cause: string, text: string | undefined) => void;
  /** The broker took a message of a lane. */
  readonly onTaken: (parcel: Parcel) => void;
  /** No answer to a publish in time: the connection is worth nothing any more. */
  readonly onUnanswered: (topic: string) => void;
}

/** Sends the outbox over one connection. */
export interface Drain {
  /** The longest message that the broker has not answered, of those that can be cut. */
  longestUnanswered(): { readonly source: LaneSource; readonly message: Message } | undefined;
  /**
   * Says these before anything else, in this order, once each: what the broker refuses is told, and forgotten. Resolves
   * when all are answered; never when the connection ends before.
   */
  say(messages: readonly Message[]): Promise<void>;
  /** Opens a lane for each source. They rank in this order: one sends only when the broker has taken all before it. */
  open(sources: readonly LaneSource[]): void;
  /** The outbox has something new. */
  notify(): void;
  /** This source has something to send that `notify` does not speak of. */
  wake(source: LaneSource): void;
  /** This source begins again. */
  rewind(source: LaneSource): void;
  /** Sends nothing new but these last messages, and resolves when everything in flight is answered. */
  finish(last: readonly Message[]): Promise<void>;
  /** The connection is gone. */
  stop(): void;
}

interface Express {
  readonly message: Message;
  readonly onAnswered: () => void;
}

export function createDrain(options: DrainOptions): Drain {
  const { link, size, clock, random } = options;
  const window = Math.max(1, Math.min(link.receiveMaximum, mostInFlight));
  const finished = Promise.withResolvers<void>();
  const unanswered = new Map<Message, LaneSource | undefined>();
  const express: Express[] = [];
  let expressBytes = 0;
  let bulkMessages = 0;
  let bulkBytes = 0;
  let state: 'shut' | 'open' | 'finishing' | 'stopped' = 'shut';
  let lanes: readonly Lane[] = [];

  function pump(): void {
    while (state !== 'stopped' && unanswered.size < window && (sendExpress() || (state === 'open' && sendNext())));
    if (state === 'finishing' && unanswered.size === 0 && express.length === 0) finished.resolve();
  }

  /** As much at a time as the line takes: many long births must not make each other late. */
  function sendExpress(): boolean {
    if (expressBytes >= size.pipe.windowBytes) return false;
    const next = express.shift();
    if (!next) return false;
    const { message, onAnswered } = next;
    const bytes = send(message, undefined, reasonCode => {
      expressBytes -= bytes;
      options.onTrouble(message.topic, reasonCode < firstRefusal ? undefined : wordsFor(reasonCode, message));
      onAnswered();
    });
    expressBytes += bytes;
    return true;
  }

  /** False when there is nothing to send now. */
  function sendNext(): boolean {
    for (const lane of lanes) {
      if (lane.source.isBulk && express.length > 0) return false;
      const message = lane.peek();
      if (message && hasRoomFor(lane.source, message)) {
        sendOf(lane, message);
        return true;
      }
      if (!lane.letsPass) return false;
    }
    return false;
  }

  /** What is not urgent leaves room for an alarm: a place in the window, and a line that is not full. */
  function hasRoomFor({ isBulk }: LaneSource, message: Message): boolean {
    if (!isBulk || bulkMessages === 0) return true;
    if (bulkMessages >= window - 1) return false;
    return bulkBytes + packetBytes(message) <= size.pipe.windowBytes;
  }

  function sendOf(lane: Lane, message: Message): void {
    const { source } = lane;
    const parcel = lane.take();
    if (!parcel) return;
    const bytes = packetBytes(message);
    source.spend(bytes);
    if (source.isBulk) {
      bulkMessages += 1;
      bulkBytes += bytes;
    }
    send(message, source, reasonCode => {
      if (source.isBulk) {
        bulkMessages -= 1;
        bulkBytes -= bytes;
      }
      answer(lane, parcel, message, reasonCode);
    });
  }

  function answer(lane: Lane, parcel: Parcel, message: Message, reasonCode: number): void {
    if (reasonCode >= firstRefusal) {
      if (reasonCode === packetTooLarge) lane.source.cutSmaller(message);
      lane.refuse(parcel, wordsFor(reasonCode, message));
    } else if (reasonCode === noMatchingSubscribers && lane.source.needsSubscriber) {
      lane.missHearer(parcel, wordsFor(reasonCode, message));
    } else {
      options.onTaken(parcel);
      lane.accept(parcel);
    }
  }

  function wordsFor(reasonCode: number, { topic }: Message): string {
    return options.describe(reasonCode, topic);
  }

  /** Returns how long it is on the wire, at most. */
  function send(message: Message, source: LaneSource | undefined, onAnswer: (reasonCode: number) => void): number {
    const sentMono = clock.monoMs();
    const isTooLarge = packetBytes(message) > link.longestPacketBytes;
    const sealed = isTooLarge ? [] : options.seal(message);
    const bytes = sealed.reduce((sum, one) => sum + packetBytes(one), 0);
    unanswered.set(message, source);
    const deadline = clock.at(sentMono + publishTimeoutMs, () => {
      size.learn({ kind: 'unanswered' });
      options.onUnanswered(message.topic);
    });
    (isTooLarge ? Promise.resolve(packetTooLarge) : publishAll(sealed)).then(reasonCode => {
      deadline.cancel();
      // Without an answer the connection has ended, and this drain with it.
      if (reasonCode === undefined) return;
      const nowMono = clock.monoMs();
      if (bytes > 0) size.learn({ kind: 'acknowledged', bytes, flightMs: nowMono - sentMono, nowMono });
      unanswered.delete(message);
      onAnswer(reasonCode);
      pump();
    });
    return bytes;
  }

  /** The worst of the answers speaks for all. */
  async function publishAll(messages: readonly Message[]): Promise<number | undefined> {
    const reasonCodes = await Promise.all(messages.map(publish));
    return reasonCodes.reduce(
      (worst, code) => (worst === undefined || code === undefined ? undefined : Math.max(worst, code)),
      0,
    );
  }

  /** A broker ends the connection over a packet beyond its limit, so such a packet is refused on this side. */
  async function publish(message: Message): Promise<number | undefined> {
    return packetBytes(message) > link.longestPacketBytes ? packetTooLarge : link.publish(message);
  }

  function say(messages: readonly Message[]): Promise<void> {
    const heard = express.length < mostExpress ? messages : [];
    const answers = heard.map(message => {
      const answered = Promise.withResolvers<void>();
      express.push({ message, onAnswered: answered.resolve });
      return answered.promise;
    });
    pump();
    return Promise.all(answers).then(() => {});
  }

  function openLane(source: LaneSource): Lane {
    return new Lane({ source, clock, random, onReady: pump, onTrouble: text => options.onTrouble(source.name, text) });
  }

  return {
    longestUnanswered() {
      const [longest] = [...unanswered]
        .flatMap(([message, source]) => (source?.isBulk ? [{ message, source }] : []))
        .sort((a, b) => payloadBytes(b.message) - payloadBytes(a.message));
      return longest;
    },
    say,
    open(sources) {
      if (state !== 'shut') return;
      state = 'open';
      lanes = sources.map(openLane);
      pump();
    },
    notify() {
      for (const lane of lanes) if (lane.source.grows) lane.wake();
      pump();
    },
    wake(source) {
      lanes.find(lane => lane.source === source)?.wake();
      pump();
    },
    rewind(source) {
      lanes.find(lane => lane.source === source)?.rewind();
    },
    finish(last) {
      if (state !== 'stopped') state = 'finishing';
      say(last);
      return finished.promise;
    },
    stop() {
      state = 'stopped';
      for (const lane of lanes) lane.stop();
    },
  };
}
