import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { AlarmEvent } from '../model/alarm.ts';
import type { Outbox } from '../model/outbox.ts';
import type { UplinkSettings } from '../model/site.ts';
import { type AlarmSource, createAlarmSource } from './alarm-source.ts';
import { fullBucket } from './bucket.ts';
import type { CommandDesk } from './command-desk.ts';
import { createConfirmDesk } from './confirm-desk.ts';
import { nothingOwed, resendAtMono, stepConfirmation } from './confirmation.ts';
import type { CursorKeeper } from './cursor-keeper.ts';
import { createDrain, type Drain, publishTimeoutMs } from './drain.ts';
import { describePublishRefusal, describeSubscribeRefusal, isSizeSuspected, type Party } from './failure.ts';
import type { Session } from './format.ts';
import type { LaneSource } from './lane.ts';
import type { Inbound, Link, LinkFailure } from './link.ts';
import type { MessageSize } from './message-size.ts';
import { payloadRoomBytes } from './packet.ts';
import { createStandingSource, type StandingSource } from './standing-source.ts';
import type { SummarySettler } from './summary-settler.ts';
import { createBacklogSource, createLiveSource } from './summary-source.ts';
import type { TroubleBook } from './trouble.ts';

/** What outlives a connection, and what it needs. */
export interface ConnectionOptions {
  readonly session: Session;
  readonly settings: UplinkSettings;
  readonly party: Party;
  readonly outbox: Outbox;
  readonly keeper: CursorKeeper;
  readonly settler: SummarySettler;
  readonly size: MessageSize;
  readonly commands: CommandDesk | undefined;
  readonly troubles: TroubleBook;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onAcknowledged: (event: AlarmEvent, atMono: number) => void;
  readonly onIgnored: (reason: string) => void;
}

/** One connection from the broker's consent to its end. */
export interface Connection {
  /** Also before `run`: the broker may be quick. */
  hear(inbound: Inbound): void;
  /** Says the birth and sends the outbox until the connection has ended; resolves to why. */
  run(link: Link): Promise<LinkFailure>;
  /** The outbox has something new. */
  notify(): void;
  /** Says the birth again. */
  rebirth(): void;
  /** Sends the alarms that stand. */
  refresh(): void;
  /** Says goodbye once everything in flight is answered. Resolves when the connection is down; may take for ever. */
  leave(finishTimeoutMs: number): Promise<void>;
}

/** How long the host that everything waits for may take before another broker is tried. */
const hostTimeoutMs = 30_000;

const readBackoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/** Topics may differ in length from that of the will, which is what the room for a payload is reckoned with. */
const topicSlackBytes = 128;

export function createConnection(options: ConnectionOptions): Connection {
  const { session, settings, party, outbox, keeper, size, troubles, clock, random, log } = options;
  const over = Promise.withResolvers<LinkFailure>();
  const hostIsThere = Promise.withResolvers<void>();
  const ended = new AbortController();
  let link: Link | undefined;
  let drain: Drain | undefined;
  let alarms: AlarmSource | undefined;
  let standing: StandingSource | undefined;
  let isBorn = false;
  /** Why we end it ourselves. */
  let reason: LinkFailure | undefined;
  let owed = nothingOwed;
  let resend: Timer | undefined;

  const confirmations = createConfirmDesk({ outbox, keeper, onConfirmed, onIgnored: options.onIgnored });

  function hear(inbound: Inbound): void {
    const heard = session.hear(inbound);
    switch (heard.kind) {
      case 'confirm':
        confirmations.hear(heard.eventId);
        return;
      case 'command':
        runCommand(heard.text);
        return;
      case 'rebirth':
        if (heard.delayMs === 0) rebirth();
        else clock.sleep(heard.delayMs, ended.signal).then(rebirth, () => {});
        return;
      case 'host':
        if (heard.isOnline) hostIsThere.resolve();
        else if (session.waitsForHost) loseHost();
        return;
      case 'ignored':
        options.onIgnored(heard.reason);
    }
  }

  function rebirth(): void {
    if (isBorn) drain?.say(session.birth());
  }

  async function runCommand(text: string): Promise<void> {
    const reply = await options.commands?.hear(text);
    const message = reply === undefined ? undefined : session.reply(reply);
    if (message) drain?.say([message]);
  }

  /** It may be at another broker. */
  async function loseHost(): Promise<void> {
    if (!isBorn && settings.urls.length === 1) return;
    reason = { kind: 'host-offline' };
    await leave(publishTimeoutMs);
    over.resolve(reason);
  }

  async function begin(opened: Link): Promise<void> {
    size.begin(payloadRoomBytes(opened.longestPacketBytes, session.will) - topicSlackBytes);
    const sending = createDrain({
      link: opened,
      size,
      seal: session.seal,
      clock,
      random,
      describe: (reasonCode, topic) => describePublishRefusal(reasonCode, topic, party),
      onTrouble: (cause, text) => troubles.note(cause, text),
      onTaken: ({ event }) => event && options.onAcknowledged(event, clock.monoMs()),
      onUnanswered: topic => over.resolve({ kind: 'publish-timeout', afterMs: publishTimeoutMs, topic }),
    });
    drain = sending;
    if (!(await subscribe(opened)) || !(await waitForHost())) return;
    isBorn = true;
    // Once the first of them is taken, an alarm need not wait for the others.
    const [first, ...others] = session.birth();
    await sending.say(first ? [first] : []);
    sending.say(others);
    // A confirmation that the broker had retained saves sending again what it speaks of.
    await confirmations.idle();
    if (await loadCursor()) sending.open(createSources());
  }

  /** False when there was no answer in time. A topic that is refused is told; all else goes on without it. */
  async function subscribe(opened: Link): Promise<boolean> {
    const { subscriptions } = session;
    if (subscriptions.length === 0) return true;
    const topic = subscriptions.map(subscription => subscription.topic).join(', ');
    const deadline = clock.at(clock.monoMs() + publishTimeoutMs, () =>
      over.resolve({ kind: 'publish-timeout', afterMs: publishTimeoutMs, topic }),
    );
    const reasonCodes = await opened.subscribe(subscriptions);
    deadline.cancel();
    for (const [index, code] of (reasonCodes ?? []).entries()) {
      const refused = subscriptions[index]?.topic ?? '';
      if (code >= 0x80) troubles.note(`subscribe ${refused}`, describeSubscribeRefusal(code, refused, party));
    }
    return reasonCodes !== undefined;
  }

  /** With a single broker it is waited for without an end; with several the next one is tried. */
  async function waitForHost(): Promise<boolean> {
    if (!session.waitsForHost) return true;
    troubles.note('host', 'the host that the data is for is not on line: it is kept here until the host is');
    const late =
      settings.urls.length > 1
        ? clock.sleep(hostTimeoutMs, ended.signal).then(loseHost, () => {})
        : new Promise<void>(() => {});
    await Promise.race([hostIsThere.promise, late, over.promise]);
    troubles.note('host', undefined);
    return !ended.signal.aborted && !reason;
  }

  async function loadCursor(): Promise<boolean> {
    for (let attempt = 0; !ended.signal.aborted; attempt += 1) {
      try {
        await keeper.load();
        troubles.note('cursor', undefined);
        return true;
      } catch (thrown) {
        troubles.note('cursor', `the outbox cannot be read: ${messageOf(thrown)}`);
        await clock.sleep(backoffDelayMs(readBackoff, attempt, random), ended.signal).catch(() => {});
      }
    }
    return false;
  }

  function createSources(): LaneSource[] {
    const { confirm, summaries: span, backlogRate } = settings;
    alarms = createAlarmSource({ outbox, session, keeper, confirm, onSettled: watchForConfirmation });
    standing = createStandingSource(outbox, session, size.longestBytes);
    if (span === undefined) return [alarms, standing];
    const summaries = { outbox, span, session, settler: options.settler, size, mark: onceRead(), clock };
    const bucket = fullBucket(backlogRate, clock.monoMs());
    return [alarms, standing, createLiveSource(summaries), createBacklogSource(summaries, bucket)];

    /** Where the past ends: read when the connection begins, or as soon as the store can say. */
    function onceRead(): () => Promise<number> {
      let reading: Promise<number> | undefined;
      const read = () => {
        reading ??= outbox.lastSummary(span ?? '1min').catch(thrown => {
          reading = undefined;
          throw thrown;
        });
        return reading;
      };
      read().catch(() => {});
      return read;
    }
  }

  /** Something was sent. */
  function watchForConfirmation(): void {
    if (settings.confirm !== 'platform') return;
    owed = stepConfirmation(owed, { kind: 'sent', nowMono: clock.monoMs() });
    armResend();
  }

  function onConfirmed(): void {
    const { sent, delivered } = keeper.cursor ?? { sent: 0, delivered: 0 };
    owed = stepConfirmation(owed, { kind: 'confirmed', isAll: delivered >= sent, nowMono: clock.monoMs() });
    troubles.note('confirm', undefined);
    armResend();
  }

  function armResend(): void {
    resend?.cancel();
    const atMono = resendAtMono(owed);
    if (atMono === undefined || ended.signal.aborted) return;
    resend = clock.at(atMono, () => {
      troubles.note('confirm', 'the platform does not confirm the alarm events it was sent: is its receiver running?');
      owed = stepConfirmation(owed, { kind: 'resent', nowMono: clock.monoMs() });
      alarms?.goBack();
      if (alarms) drain?.rewind(alarms);
      armResend();
    });
  }

  async function leave(finishTimeoutMs: number): Promise<void> {
    const timer = new AbortController();
    const goodbye = isBorn ? session.goodbye() : [];
    isBorn = false;
    await Promise.race([drain?.finish(goodbye), clock.sleep(finishTimeoutMs, timer.signal).catch(() => {})]);
    timer.abort();
    await link?.close();
  }

  return {
    hear,
    async run(opened) {
      link = opened;
      begin(opened).catch(thrown => {
        log.error({ failure: messageOf(thrown) }, 'the uplink stumbled over its own feet');
        over.resolve({ kind: 'unusable', detail: messageOf(thrown) });
      });
      const end = await Promise.race([opened.closed, over.promise]);
      const failure = reason ?? end;
      ended.abort();
      resend?.cancel();
      opened.destroy();
      const suspect = isSizeSuspected(failure) ? drain?.longestUnanswered() : undefined;
      if (suspect) suspect.source.cutSmaller(suspect.message);
      drain?.stop();
      return failure;
    },
    notify: () => drain?.notify(),
    rebirth,
    refresh() {
      standing?.refresh();
      if (standing) drain?.wake(standing);
    },
    leave,
  };
}
