import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { type Random, randomId } from '../base/random.ts';
import type { AlarmEvent } from '../model/alarm.ts';
import type { UplinkSettings } from '../model/site.ts';
import { createDrain, type Drain, publishTimeoutMs } from './drain.ts';
import { describeFailure, describePublishRefusal, isSizeSuspected, isTakeover } from './failure.ts';
import type { Parcel } from './lane.ts';
import type { Link, LinkFailure, Message, Opened, OpenLink } from './link.ts';
import { MqttLink } from './mqtt-link.ts';
import { encodeStatus, type StatusReason } from './payload.ts';
import { createAlarmSource, createSummarySource, type Outbox } from './sources.ts';
import { topicsOf } from './topic.ts';
import { TroubleBook } from './trouble.ts';

export type { Outbox } from './sources.ts';

const reconnectBackoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/** A connection that stood so long was a good one: the next attempt after it comes soon. */
const stableMs = 30_000;

/** TCP, TLS and the broker's consent together. */
const connectTimeoutMs = 15_000;

/** Of the second that stop() may take: first for what is in flight, then for the goodbye. */
const finishTimeoutMs = 700;
const closeTimeoutMs = 200;
const stopTimeoutMs = 950;

/** PUBACK: accepted, but nobody subscribes to it (MQTT 5, 3.4.2.1). */
const noMatchingSubscribers = 0x10;

export interface UplinkOptions {
  readonly settings: UplinkSettings;
  readonly gateway: { readonly id: string; readonly name: string };
  readonly version: string;
  /** Asked before each connection. What it throws is shown as the reason for not being connected. */
  readonly password: () => string | undefined;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The broker acknowledged this event. Called again when the same event had to be sent again. */
  readonly onAcknowledged?: (event: AlarmEvent, atMono: number) => void;
  /** What carries the messages; MQTT 5 unless said otherwise. */
  readonly openLink?: OpenLink;
}

export interface UplinkFigures {
  readonly state: 'connecting' | 'connected' | 'waiting';
  readonly url: string;
  /** Why it is not connected, or what is wrong although it is; null when all is well. */
  readonly lastFailure: string | null;
}

export interface Uplink {
  /** Connects, and connects again for as long as it runs. */
  start(): void;
  /** Says that the gateway is off line, where it is connected, and lets go of everything within a second. */
  stop(): Promise<void>;
  /** The outbox has something new. */
  notify(): void;
  figures(): UplinkFigures;
}

/** Forwards the outbox to the broker, alarm events first. Nothing is settled that the broker has not acknowledged. */
export function createUplink(options: UplinkOptions): Uplink {
  const { gateway, clock, random, outbox } = options;
  const settings = { ...options.settings, url: options.settings.urls[0] ?? '' };
  const log = options.log.child({ stage: 'uplink' });
  const openLink = options.openLink ?? MqttLink.open;
  const topics = topicsOf(settings.topicPrefix, gateway.id);
  const alarms = createAlarmSource(outbox, topics.alarm, gateway.id);
  const summaries = createSummarySource(outbox, topics.summary, gateway.id);
  const troubles = new TroubleBook(log);
  let state: UplinkFigures['state'] = 'waiting';
  let connectionFailure: string | null = null;
  let unheard = 0;
  let drain: Drain | undefined;
  let aborter: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();

  function statusMessage(reason: StatusReason): Message {
    const at = clock.wallMs();
    const payload = encodeStatus({ id: randomId(), gateway, version: options.version, reason, at });
    return { topic: topics.status, payload, isRetained: true };
  }

  async function run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const startedMono = clock.monoMs();
      state = 'connecting';
      const failure = await holdConnection(signal);
      state = 'waiting';
      if (signal.aborted) return;
      report(failure);
      if (clock.monoMs() - startedMono >= stableMs) failures = 0;
      const delayMs = backoffDelayMs(
        reconnectBackoff,
        isTakeover(failure) ? Number.POSITIVE_INFINITY : failures,
        random,
      );
      failures += 1;
      await clock.sleep(delayMs, signal).catch(() => {});
    }
  }

  /** From the attempt to connect to the end of the connection. */
  async function holdConnection(signal: AbortSignal): Promise<LinkFailure> {
    const opened = await open(signal);
    if (opened.kind === 'failed') return opened.failure;
    const { link } = opened;
    const cut = Promise.withResolvers<LinkFailure>();
    drain = startDrain(link, topic => {
      cut.resolve({ kind: 'publish-timeout', afterMs: publishTimeoutMs, topic });
    });
    state = 'connected';
    connectionFailure = null;
    log.info({ url: settings.url, receiveMaximum: link.receiveMaximum }, 'the uplink is connected');
    const sayGoodbye = () => {
      leave(link).then(() => cut.resolve({ kind: 'lost' }));
    };
    signal.addEventListener('abort', sayGoodbye, { once: true });
    if (signal.aborted) sayGoodbye();
    const failure = await Promise.race([link.closed, cut.promise]);
    signal.removeEventListener('abort', sayGoodbye);
    link.destroy();
    if (isSizeSuspected(failure)) cutSummaries(drain.unanswered);
    const settled = drain.stop();
    drain = undefined;
    troubles.clear();
    // What the connection had acknowledged is settled before the next one reads the outbox.
    if (!signal.aborted) await settled;
    return failure;
  }

  async function open(signal: AbortSignal): Promise<Opened> {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    signal.addEventListener('abort', abort, { once: true });
    let isLate = false;
    const deadline = clock.at(clock.monoMs() + connectTimeoutMs, () => {
      isLate = true;
      attempt.abort();
    });
    try {
      const password = options.password();
      const opened = await openLink({ ...settings, password, will: statusMessage('lost') }, attempt.signal);
      if (opened.kind === 'open' || !isLate) return opened;
      return { kind: 'failed', failure: { kind: 'connect-timeout', afterMs: connectTimeoutMs } };
    } catch (thrown) {
      return { kind: 'failed', failure: { kind: 'unusable', detail: messageOf(thrown) } };
    } finally {
      deadline.cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  function startDrain(link: Link, onUnanswered: (topic: string) => void): Drain {
    summaries.fit(link.longestPacketBytes);
    return createDrain({
      link,
      sources: [alarms, summaries],
      birth: statusMessage('connected'),
      clock,
      random,
      describe: (reasonCode, topic) => describePublishRefusal(reasonCode, topic, settings),
      onTrouble: (topic, text) => troubles.note(topic, text),
      onAccepted,
      onUnanswered,
    });
  }

  function cutSummaries(unanswered: ReadonlySet<Message>): void {
    const [longest] = [...unanswered]
      .filter(({ topic }) => topic === summaries.topic)
      .sort((a, b) => b.payload.length - a.payload.length);
    if (longest) summaries.cutSmaller(longest);
  }

  function onAccepted({ event }: Parcel, reasonCode: number): void {
    if (!event) return;
    if (reasonCode === noMatchingSubscribers) {
      unheard += 1;
      troubles.note('subscribers', `the broker takes alarms, but nobody subscribes to ${topics.alarm} (0x10)`);
    } else {
      if (unheard > 0) log.info({ unheard }, 'alarms have a subscriber again; so many had none');
      unheard = 0;
      troubles.note('subscribers', undefined);
    }
    options.onAcknowledged?.(event, clock.monoMs());
  }

  async function leave(link: Link): Promise<void> {
    await within(clock, finishTimeoutMs, drain?.finish(statusMessage('stopped')));
    await within(clock, closeTimeoutMs, link.close());
  }

  function report(failure: LinkFailure): void {
    const text = describeFailure(failure, settings);
    // A broker that stays away for a week is one line in the log, not one for each attempt.
    if (text !== connectionFailure) log.warn({ url: settings.url, reason: text }, 'the uplink is not connected');
    connectionFailure = text;
  }

  return {
    start() {
      if (aborter) return;
      aborter = new AbortController();
      running = run(aborter.signal);
    },
    async stop() {
      aborter?.abort();
      // A store that hangs must not keep the gateway from stopping.
      await within(clock, stopTimeoutMs, running);
      aborter = undefined;
    },
    notify() {
      drain?.notify();
    },
    figures: () => ({ state, url: settings.url, lastFailure: connectionFailure ?? troubles.first }),
  };
}

/** Waits for the work, but no longer than that. */
async function within(clock: Clock, timeoutMs: number, work: Promise<void> | undefined): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, clock.sleep(timeoutMs, done.signal).catch(() => {})]);
  done.abort();
}
