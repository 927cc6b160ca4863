import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { AlarmEvent } from '../model/alarm.ts';
import type { AlarmCursor, Outbox } from '../model/outbox.ts';
import type { UplinkSettings } from '../model/site.ts';
import { firstChoice, nextChoice } from './broker-choice.ts';
import { createCommandDesk, type RemoteControl } from './command-desk.ts';
import { type Connection, createConnection } from './connection.ts';
import { createCursorKeeper } from './cursor-keeper.ts';
import { describeFailure, isTakeover, type Party } from './failure.ts';
import type { Format } from './format.ts';
import { createFormat } from './formats.ts';
import type { LinkFailure, LinkOptions, Opened, OpenLink } from './link.ts';
import { createMessageSize } from './message-size.ts';
import { MqttLink } from './mqtt-link.ts';
import type { PlantNow } from './plant-now.ts';
import { createSummarySettler } from './summary-settler.ts';
import { TroubleBook } from './trouble.ts';

export type { CommandAudit, CommandMemory, RemoteControl, SeenCommand } from './command-desk.ts';

/** TCP, TLS and the broker's consent together. */
const connectTimeoutMs = 15_000;

/** Of the second that stop() may take: first for what is in flight, then for the goodbye. */
const finishTimeoutMs = 700;
const leaveTimeoutMs = 900;
const stopTimeoutMs = 950;

export interface UplinkOptions {
  readonly settings: UplinkSettings;
  readonly gateway: { readonly id: string; readonly name: string };
  readonly version: string;
  /** Asked before each connection. What it throws is shown as the reason for not being connected. */
  readonly password: () => string | undefined;
  readonly outbox: Outbox;
  readonly plant: PlantNow;
  /** How remote commands are run; without it none are taken. */
  readonly control: RemoteControl | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The broker acknowledged this event. Called again when the same event had to be sent again. */
  readonly onAcknowledged?: (event: AlarmEvent, atMono: number) => void;
  /** What carries the messages; MQTT 5 unless said otherwise. */
  readonly openLink?: OpenLink;
  /** The words; those that the settings ask for unless said otherwise. */
  readonly format?: Format;
}

export interface UplinkFigures {
  readonly state: 'connecting' | 'connected' | 'waiting';
  /** Of the broker it is connected to, or tries next. */
  readonly url: string;
  /** Why it is not connected, or what is wrong although it is; null when all is well. */
  readonly lastFailure: string | null;
  /** Undefined until the store has told. */
  readonly cursor: AlarmCursor | undefined;
  /** Messages from the broker that were not looked at: too long, nonsense, not ours. */
  readonly ignored: number;
}

export interface Uplink {
  /** Connects, and connects again for as long as it runs. */
  start(): void;
  /** Says that the gateway is off line, where it is connected, and lets go of everything within a second, for good. */
  stop(): Promise<void>;
  /** The outbox has something new. */
  notify(): void;
  /** What birth messages tell of the plant has changed. */
  rebirth(): void;
  /** Sends the alarms that stand. Without a connection there is nothing to do: they are sent on the next one. */
  refresh(): void;
  figures(): UplinkFigures;
}

/** Forwards the outbox to the broker, alarm events first. Nothing is settled that the broker has not acknowledged. */
export function createUplink(options: UplinkOptions): Uplink {
  const { settings, clock, random, outbox, control } = options;
  const log = options.log.child({ stage: 'uplink', uplink: settings.id });
  const openLink = options.openLink ?? MqttLink.open;
  const troubles = new TroubleBook(log);
  const told = new Set<string>();
  /** What was last said of each broker. */
  const failures = new Map<number, string>();
  const keeper = createCursorKeeper({ outbox, clock, random, onTrouble: text => troubles.note('cursor', text) });
  const settler = createSummarySettler({ outbox, clock, random, onTrouble: text => troubles.note('settle', text) });
  const size = createMessageSize();
  const { id: uplink, commands: allowed } = settings;
  const commands = control && createCommandDesk({ ...control, uplink, allowed, clock, onIgnored: ignore });
  let { format } = options;
  let state: UplinkFigures['state'] = 'waiting';
  let connectionFailure: string | null = null;
  let choice = firstChoice;
  let ignored = 0;
  let connection: Connection | undefined;
  let aborter: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();

  function party(): Party {
    const { clientId, username } = settings;
    return { url: settings.urls[choice.index] ?? '', clientId, username };
  }

  /** A platform that goes on sending nonsense is one line in the log for each kind of it. */
  function ignore(reason: string): void {
    ignored += 1;
    if (told.has(reason)) return;
    told.add(reason);
    log.warn({ reason }, 'a message from the platform was ignored');
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedMono = clock.monoMs();
      state = 'connecting';
      const failure = await holdConnection(signal);
      state = 'waiting';
      if (signal.aborted) return;
      report(failure);
      // A broker at which the host is missing is no good one, however long it was waited for.
      const lastedMs = failure.kind === 'host-offline' ? 0 : clock.monoMs() - startedMono;
      const next = nextChoice(choice, { lastedMs, isTakeover: isTakeover(failure) }, settings.urls.length, random);
      await clock.sleep(next.delayMs, signal).catch(() => {});
      choice = next.choice;
    }
  }

  /** From the attempt to connect to the end of the connection. */
  async function holdConnection(signal: AbortSignal): Promise<LinkFailure> {
    let made: Connection;
    let opened: Opened;
    try {
      format ??= await createFormat({ ...options, standing: () => outbox.standing() });
      if (signal.aborted) return { kind: 'lost' };
      const session = format.openSession();
      made = createConnection({ ...parts(), session });
      const { clientId, username, keepaliveMs, tls } = settings;
      const account = { clientId, username, password: options.password() };
      opened = await open(
        { url: party().url, ...account, keepaliveMs, tls, will: session.will, onMessage: made.hear },
        signal,
      );
    } catch (thrown) {
      return { kind: 'unusable', detail: messageOf(thrown) };
    }
    if (opened.kind === 'failed') return opened.failure;
    const { link } = opened;
    connection = made;
    state = 'connected';
    connectionFailure = null;
    failures.clear();
    log.info({ url: party().url, receiveMaximum: link.receiveMaximum }, 'the uplink is connected');
    const sayGoodbye = () => {
      within(clock, leaveTimeoutMs, made.leave(finishTimeoutMs)).then(() => link.destroy());
    };
    signal.addEventListener('abort', sayGoodbye, { once: true });
    if (signal.aborted) sayGoodbye();
    const failure = await made.run(link);
    signal.removeEventListener('abort', sayGoodbye);
    connection = undefined;
    troubles.clear();
    return failure;
  }

  function parts() {
    const onAcknowledged = options.onAcknowledged ?? (() => {});
    const shared = { settings, outbox, keeper, settler, size, commands, troubles, clock, random, log, onAcknowledged };
    return { ...shared, party: party(), onIgnored: ignore };
  }

  async function open(wanted: LinkOptions, signal: AbortSignal): Promise<Opened> {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    signal.addEventListener('abort', abort, { once: true });
    let isLate = false;
    const deadline = clock.at(clock.monoMs() + connectTimeoutMs, () => {
      isLate = true;
      attempt.abort();
    });
    try {
      const opened = await openLink(wanted, attempt.signal);
      if (opened.kind === 'open' || !isLate) return opened;
      return { kind: 'failed', failure: { kind: 'connect-timeout', afterMs: connectTimeoutMs } };
    } finally {
      deadline.cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  function report(failure: LinkFailure): void {
    const text = describeFailure(failure, party());
    // A broker that stays away for a week is one line in the log, not one for each attempt.
    if (text !== failures.get(choice.index)) {
      log.warn({ url: party().url, reason: text }, 'the uplink is not connected');
    }
    failures.set(choice.index, text);
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
      // Neither a broker that is silent nor a store that hangs must keep the gateway from stopping.
      await within(
        clock,
        stopTimeoutMs,
        running.then(async () => {
          await Promise.all([keeper.idle(), settler.idle()]);
        }),
      );
      keeper.stop();
      settler.stop();
    },
    notify() {
      connection?.notify();
    },
    rebirth() {
      // The native birth tells nothing of the plant.
      if (settings.format !== 'native') connection?.rebirth();
    },
    refresh() {
      connection?.refresh();
    },
    figures: () => ({
      state,
      url: party().url,
      lastFailure: connectionFailure ?? troubles.first,
      cursor: keeper.cursor,
      ignored,
    }),
  };
}

/** Waits for the work, but no longer than that. */
async function within(clock: Clock, timeoutMs: number, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, clock.sleep(timeoutMs, done.signal).catch(() => {})]);
  done.abort();
}
