import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { PlantroomError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { Inbox, InboxEnd, InboxOptions, OpenedInbox } from '../uplink/inbox.ts';
import { type Arrival, confirmTopic, type RecordKind, readArrival, topicFilters } from './arrival.ts';
import { type Confirmer, createConfirmer } from './confirmer.ts';
import { type GapNews, type GapWatch, watchGaps } from './gap-watch.ts';
import { mostGateways, type Output } from './output.ts';

/**
 * A platform in small: takes what gateways send, writes it, and acknowledges it to the broker only then. Where it is asked
 * to, it confirms to each gateway how far its alarm events have arrived.
 */
export interface ReceiverOptions {
  readonly broker: Omit<InboxOptions, 'topics' | 'onMessage'>;
  /** The real one, or one that a test scripts. */
  readonly openInbox: (options: InboxOptions, signal: AbortSignal) => Promise<OpenedInbox>;
  readonly prefix: string;
  /** Id of a gateway, or `+` for all. */
  readonly gateway: string;
  readonly isConfirming: boolean;
  readonly output: Output;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface ReceiverCounts {
  readonly records: Readonly<Record<RecordKind, number>>;
  readonly duplicates: number;
  readonly gateways: number;
}

export interface Receiver {
  counts(): ReceiverCounts;
  /**
   * Runs until the signal is aborted, then finishes what it is writing. Rejects with PlantroomError: `storage` when the
   * output fails, `network` when the broker will never let us in, `busy` when another client takes our place.
   */
  run(signal: AbortSignal): Promise<void>;
}

const reconnectBackoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/** Confirmations and gaps are looked after this often. */
const tickMs = 1_000;

/** What a goodbye may take. */
const closeTimeoutMs = 2_000;

export function createReceiver(options: ReceiverOptions): Receiver {
  const { output, clock, random, log, prefix } = options;
  const records: Record<RecordKind, number> = { alarm: 0, summary: 0, status: 0, standing: 0, foreign: 0 };
  const gateways = new Set<string>();
  let duplicates = 0;
  let gaps: GapWatch = { open: new Map() };
  let failure: unknown;
  let inbox: Inbox | undefined;
  let writing: Promise<void> = Promise.resolve();
  const confirmer: Confirmer | undefined = options.isConfirming
    ? createConfirmer({
        marks: () => output.marks(),
        publish: async (gateway, payload) => (await inbox?.publish(confirmTopic(prefix, gateway), payload)) ?? false,
      })
    : undefined;

  /** Durable when it resolves. After a failure nothing more is taken: the output cannot be trusted. */
  function take(topic: string, payload: Buffer): Promise<void> {
    writing = writing.then(async () => {
      if (failure !== undefined) throw failure;
      const arrival = readArrival(prefix, topic, payload);
      try {
        const { fresh, duplicates: known } = await output.write(arrival, clock.wallMs());
        count(fresh);
        duplicates += known;
      } catch (thrown) {
        failure = thrown;
        throw thrown;
      }
      if (gateways.size < mostGateways) gateways.add(arrival.gateway);
      if (arrival.records.some(({ kind }) => kind === 'foreign')) {
        log.warn({ topic }, 'a message that is no message of plantroom was put aside');
      }
      // Not waited for: the broker may answer only after we have acknowledged this message.
      if (confirmer && isToConfirm(arrival) && confirmer.note(arrival.gateway, arrival.records.length))
        void confirmer.flush();
    });
    const taken = writing;
    writing = writing.catch(() => {});
    return taken;
  }

  function count(fresh: Readonly<Partial<Record<RecordKind, number>>>): void {
    for (const kind of Object.keys(records) as RecordKind[]) records[kind] += fresh[kind] ?? 0;
  }

  async function hold(signal: AbortSignal): Promise<InboxEnd | undefined> {
    const topics = topicFilters(prefix, options.gateway);
    const opened = await options.openInbox({ ...options.broker, topics, onMessage: take }, signal);
    if (opened.kind === 'failed') return opened.end;
    inbox = opened.inbox;
    log.info({ broker: options.broker.url, hadSession: opened.hadSession }, 'connected');
    const aborted = new Promise<undefined>(resolve => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const end = await Promise.race([opened.inbox.closed, aborted]);
    if (end === undefined) await leave(opened.inbox);
    inbox = undefined;
    return end;
  }

  /** What is being written is finished, so that the next start gets less twice. */
  async function leave(open: Inbox): Promise<void> {
    await writing;
    await Promise.race([
      (confirmer?.flush() ?? Promise.resolve()).then(() => open.close()),
      clock.sleep(closeTimeoutMs),
    ]);
    open.destroy();
  }

  async function tick(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(tickMs, signal).catch(() => {});
      if (inbox !== undefined) void confirmer?.flush();
      const seen = watchGaps(gaps, output.marks(), clock.monoMs());
      gaps = seen.watch;
      for (const one of seen.news) tellGap(log, one);
    }
  }

  async function connect(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const startedMono = clock.monoMs();
      const end = await hold(signal);
      if (failure !== undefined) throw failure;
      if (signal.aborted || end === undefined) return;
      if (end.isTakeover) throw takenOver(end.reason);
      if (end.isFinal) throw neverLetIn(end.reason);
      if (clock.monoMs() - startedMono > reconnectBackoff.longestMs) attempt = 0;
      const waitMs = Math.round(backoffDelayMs(reconnectBackoff, attempt, random));
      log.warn({ waitMs }, `not connected: ${inWordsOfTheCommandLine(end.reason)}`);
      await clock.sleep(waitMs, signal).catch(() => {});
    }
  }

  return {
    counts: () => ({ records: { ...records }, duplicates, gateways: gateways.size }),
    async run(signal) {
      const done = new AbortController();
      const either = AbortSignal.any([signal, done.signal]);
      const ticking = tick(either);
      try {
        await connect(signal);
      } finally {
        done.abort();
        await ticking;
      }
    },
  };
}

/** A gateway that comes back may have missed what was confirmed while it was away. */
function isToConfirm({ records }: Arrival): boolean {
  return records.some(({ kind }) => kind === 'alarm' || kind === 'status');
}

function tellGap(log: Log, news: GapNews): void {
  if (news.kind === 'closed') {
    log.info({ gateway: news.gateway }, `all events of ${news.gateway} have arrived`);
    return;
  }
  const missing = news.missing.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
  log.warn({ gateway: news.gateway }, `of ${news.gateway} alarm events are missing: ${missing}`);
}

/** What uplink/failure.ts says names keys of the site file. */
function inWordsOfTheCommandLine(text: string): string {
  return text
    .replace(/uplink\.tls\.(ca|cert|key)/g, '--$1')
    .replaceAll('uplink.tls', '--cert and --key')
    .replaceAll('uplink.password', '--password-file')
    .replace(/uplink\.([a-z-]+)/g, '--$1');
}

function takenOver(reason: string): PlantroomError {
  return new PlantroomError(reason.split(': ')[0] ?? reason, {
    kind: 'busy',
    hint: 'is a second receiver running? give each its own --client-id, and its own output',
  });
}

function neverLetIn(reason: string): PlantroomError {
  const [what = reason, ...rest] = inWordsOfTheCommandLine(reason).split(': ');
  return new PlantroomError(what, {
    kind: 'network',
    hint: rest.join(': ') || 'look at the log of the broker',
  });
}
