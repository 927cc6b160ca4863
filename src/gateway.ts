import { createDrivers } from '../drivers/registry.ts';
import type { Clock } from './base/clock.ts';
import { messageOf, PlantroomError } from './base/errors.ts';
import type { Log } from './base/log.ts';
import type { Random } from './base/random.ts';
import { type Computer, createComputer, type Feed } from './compute/computer.ts';
import { createScheduleWatch, type ScheduleWatch } from './compute/schedule-watch.ts';
import { createDetector, type Detector } from './detect/detector.ts';
import { carryOut } from './detect/life/alarm-orders.ts';
import { type BookTime, createWatchedBook, type WatchedBook } from './detect/life/watched-book.ts';
import type { Answer, Question } from './driver.ts';
import type { Frame } from './history/frame.ts';
import { createRecorder } from './history/recorder.ts';
import { type AlarmDesk, type AlarmRecord, createAlarmDesk } from './live/alarm-desk.ts';
import type { ClockEvent } from './live/clock-watch.ts';
import { createCommandMemory } from './live/command-memory.ts';
import { createDueTimer } from './live/due-timer.ts';
import { createInstruments } from './live/instruments.ts';
import { createLatency, createStopwatch } from './live/latency.ts';
import { localTimeOfDay } from './live/local-time.ts';
import { createOutbox } from './live/outbox.ts';
import { createPointTable } from './live/point-table.ts';
import { createReadMemory } from './live/read-memory.ts';
import { createRoomMaker } from './live/room-maker.ts';
import { createRuleKeeper } from './live/rule-keeper.ts';
import { shareStore } from './live/store-shares.ts';
import { createTimeCorrection, type TimeCorrection } from './live/time-correction.ts';
import { createTimeKeeper } from './live/time-keeper.ts';
import { systemTimeWitness } from './live/time-witness.ts';
import { deadlineViews, isHidden, pointViews, statusView } from './live/views.ts';
import type { AlarmEvent, Change, Happening } from './model/alarm.ts';
import type { AlarmCommand } from './model/alarm-command.ts';
import type { Command, CommandReply } from './model/command.ts';
import type { SuppressionChange } from './model/expression.ts';
import type { SampleBatch } from './model/point.ts';
import type { Site, UplinkSettings } from './model/site.ts';
import type { AlarmsView, HoleView, PointView, StatusView } from './model/view.ts';
import { busLoadLimits } from './poll/bus-load.ts';
import { createPoller, type Poller } from './poll/poller.ts';
import { formatProblem, type LoadResult, readSecret, systemSecretSources } from './site/site-loader.ts';
import { type History, openHistory, type UplinkNeed } from './store/history/history.ts';
import { type AuditEntry, openStore, type Store } from './store/store.ts';
import { createSummarizer, type DeviceWindow } from './summary/summarizer.ts';
import { createUplink, type RemoteControl } from './uplink/uplink.ts';
import { createUplinks, type Uplinks } from './uplink/uplinks.ts';

/*
 * The way of a value, in one place:
 *
 *   poller ─ batch ─► computer ─ batches of computed points ─┐ (the same way)
 *                 ─► point table ◄───────────────────────────┘
 *                 ─► detector ─ changes ─► alarm book ─ happenings ─► alarm desk ─ events ─► store ─ committed ─► uplink
 *                 ─► summarizer ─ window ──────────────────────────► history ─ written ─► uplink
 *                 ─► recorder ─── frame ───────────────────────────► history
 *
 * This file only connects. What a stage does is in its folder.
 */

/** What the edges may ask of a running gateway. */
export interface Gateway {
  start(): Promise<void>;
  /** Stops polling first and the store last, so that nothing detected is left uncommitted. */
  stop(): Promise<void>;
  /** The one door for everything that changes something. */
  handle(command: Command): Promise<CommandReply>;
  points(): readonly PointView[];
  /** The alarms that stand, and the newest `historyLimit` events. */
  alarms(historyLimit: number): Promise<AlarmsView>;
  status(): StatusView;
  /** The site that is polled now, which its file may no longer say. */
  site(): Site;
  /** Asks a device of a bus that the gateway owns what a person wants to know, without disturbing the polling. */
  ask(busId: string, question: Question, timeoutMs: number): Promise<Answer>;
  /** What devices were found to refuse. */
  holes(): readonly HoleView[];
}

export interface GatewayOptions {
  readonly sitePath: string;
  /** The site to start with. */
  readonly site: Site;
  /** Reads the site file anew, for a reload. Points that stay must keep their numbers. */
  readonly loadSite: () => Promise<LoadResult>;
  /** Folder of the database; made when it is missing. */
  readonly dataFolder: string;
  readonly version: string;
  /** Called once, when all is built and planned and nothing is polled yet: what that left behind can be cleared away. */
  readonly tidyUp?: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const summaryWindowMs = 60_000;

/** Touches nothing until `start`. */
export function createGateway(options: GatewayOptions): Gateway {
  const { clock, random, log } = options;
  const startedAt = clock.wallMs();
  const startedMono = clock.monoMs();
  const time = createTimeKeeper({ clock, witness: systemTimeWitness, log, onEvent: onClockEvent });
  const table = createPointTable();
  const summarizer = createSummarizer({ windowMs: summaryWindowMs });
  const recorder = createRecorder();
  const latency = {
    sampledToDetected: createLatency(),
    detectedToCommitted: createLatency(),
    committedToAcknowledged: createLatency(),
    detectedToAcknowledged: createLatency(),
    lateness: createLatency(),
  };
  const sending = createStopwatch(latency.committedToAcknowledged);
  const wholeWay = createStopwatch(latency.detectedToAcknowledged);
  const instruments = createInstruments({
    clock,
    startedMono,
    store: () => running?.store.figures(),
    uplinks: () => running?.uplinks.figures() ?? [],
    history: () => running?.history.figures(),
    buses: () => poller.buses(),
    time: () => time.state,
  });
  const memory = createReadMemory({ write: record => running?.store.keepLearned(record), clock, log });
  const keeper = createRuleKeeper({
    clock,
    log,
    stampAt: time.stampAt,
    write: memories => running?.store.keepMemories(memories),
    forget: rules => running?.store.forgetMemories(rules),
  });
  const poller: Poller = createPoller({
    drivers: createDrivers({ instruments: instruments.measures }),
    memory,
    clock,
    random,
    log,
    onBatch,
    onLateness: latency.lateness.record,
  });
  const expiries = createDueTimer(clock, () => {
    if (running) settleAlarms(running, running.book.expire(bookTime()));
  });
  let running: Running | undefined;
  let lastCommand: Promise<unknown> = Promise.resolve();

  function onBatch(batch: SampleBatch): void {
    if (!running) return;
    const current = running;
    const changes: Change[] = [];
    const feed: Feed = (computed, isInner) => take(current, computed, isInner, changes);
    const expressed = current.computer.step(batch, take(current, batch, false, changes), feed);
    const scheduled = current.schedules.step(batch, time.state.quality === 'unsynchronised');
    const suppressed = scheduled.length === 0 ? expressed : [...expressed, ...scheduled];
    if (changes.length > 0 || suppressed.length > 0) settleBatch(current, changes, suppressed);
  }

  /** What begins to hide an alarm comes before its condition, and what ends after it: the pump stops, and with it the flow. */
  function settleBatch(current: Running, changes: readonly Change[], suppressed: readonly SuppressionChange[]): void {
    const { book } = current;
    const detectedMono = clock.monoMs();
    const suppress = (isOn: boolean) =>
      suppressed
        .filter(change => change.isOn === isOn)
        .flatMap(({ suppression }) => {
          log.info({ suppression }, isOn ? 'a suppression has begun' : 'a suppression has ended');
          return book.suppress(suppression, isOn, bookTime());
        });
    settleAlarms(current, [...suppress(true), ...book.apply(changes), ...suppress(false)], detectedMono);
  }

  /** One batch on its way, read or computed. One that is inner is for the detector only. Returns the alarms it changed. */
  function take(current: Running, batch: SampleBatch, isInner: boolean, all: Change[]): readonly string[] {
    if (!isInner) table.apply(batch);
    const changes = current.detector.step(batch);
    latency.sampledToDetected.record(clock.monoMs() - batch.sampledAtMono);
    if (changes.length > 0) all.push(...changes);
    if (isInner) return keysOf(changes);
    const window = summarizer.add(batch);
    if (window) keepWindow(current, window);
    const frame = recorder.add(batch);
    if (frame) keepFrame(current, frame);
    return keysOf(changes);
  }

  /** Records what happened, and waits for what ends by itself next. */
  function settleAlarms(current: Running, happenings: readonly Happening[], detectedMono = clock.monoMs()): void {
    const { book, desk } = current;
    if (happenings.length > 0) commitAlarms(current, desk.record(happenings), detectedMono);
    const restated = book.takeRestated(bookTime());
    if (restated.length > 0) commitAlarms(current, desk.renew(restated), detectedMono);
    expiries.arm(book.nextDueMono());
  }

  function bookTime(): BookTime {
    const mono = clock.monoMs();
    return { mono, wall: clock.wallMs(), stamp: time.stampAt(mono) };
  }

  function runAlarmCommand(current: Running, command: AlarmCommand): CommandReply {
    const { reply, happenings } = carryOut(current.book, command, bookTime());
    settleAlarms(current, happenings);
    return reply;
  }

  function commitAlarms({ store, uplinks }: Running, { events, states }: AlarmRecord, detectedMono: number): void {
    for (const event of events) wholeWay.start(event.number, detectedMono);
    store.commitAlarms(events, states).then(
      () => {
        const nowMono = clock.monoMs();
        for (const event of events) {
          latency.detectedToCommitted.record(nowMono - detectedMono);
          sending.start(event.number, nowMono);
        }
        uplinks.notify();
      },
      failure => log.error({ failure: messageOf(failure), events: events.length }, 'alarm events were not committed'),
    );
    // The disk works meanwhile.
    for (const event of events) logEvent(event);
  }

  /** Named while the device is in the site: a window may be the last of a device that a reload takes away. */
  function keepWindow({ site, history }: Running, { device, began, ...window }: DeviceWindow): void {
    const known = site.devices.find(({ number }) => number === device);
    const doubt = time.doubtOf(began);
    if (known) history.append({ frames: [], summaries: [{ ...window, doubt, device: known.id }] });
  }

  function keepFrame({ site, history }: Running, { device, began, ...frame }: Frame): void {
    const known = site.devices.find(({ number }) => number === device);
    const doubt = time.doubtOf(began);
    if (known) history.append({ frames: [{ ...frame, doubt, device: known.id }], summaries: [] });
  }

  /** What is not complete yet of the devices that are not in the new site. */
  function keepLast(current: Running, site: Site): void {
    for (const { number } of current.site.devices) {
      if (site.devices.some(device => device.number === number)) continue;
      const window = summarizer.forget(number);
      if (window) keepWindow(current, window);
      const frame = recorder.forget(number);
      if (frame) keepFrame(current, frame);
    }
  }

  function logEvent({ alarm, kind, priority, message, value, unit }: AlarmEvent): void {
    log.info({ alarm, kind, priority, value, unit }, message);
  }

  function openUplinks({ gateway }: Site, store: Store, history: History, desk: AlarmDesk): Uplinks {
    const secrets = systemSecretSources(warning => log.warn({}, warning));
    const { version } = options;
    const onAcknowledged = ({ number }: AlarmEvent, atMono: number) => {
      sending.stop(number, atMono);
      wholeWay.stop(number, atMono);
    };
    const plant = { site: () => mustRun().site, pointNow: table.get };
    const shared = { gateway, version, plant, clock, random, log, onAcknowledged };
    const passwordOf = ({ password }: UplinkSettings) => (password ? readSecret(password, secrets) : undefined);
    return createUplinks(settings => {
      const { id: uplink } = settings;
      const control: RemoteControl = {
        run: handle,
        memory: createCommandMemory(store, uplink, clock),
        audit: entry => audit(store, { kind: 'command', who: `uplink ${uplink}`, body: entry }),
        isClockInDoubt: () => time.state.quality === 'unsynchronised',
      };
      const outbox = createOutbox({ store, history, standing: desk.states }, uplink);
      return createUplink({ ...shared, outbox, control, settings, password: () => passwordOf(settings) });
    });
  }

  function audit(store: Store, entry: AuditEntry): void {
    log.info({ ...entry }, 'audit');
    store
      .appendAudit(entry)
      .catch(failure => log.error({ ...entry, failure: messageOf(failure) }, 'an audit entry was not stored'));
  }

  /** The clock was set: it goes into the audit, and what was recorded under a wrong one is put right. */
  function onClockEvent(event: ClockEvent): void {
    if (!running) return;
    audit(running.store, { kind: 'clock', who: 'gateway', body: event });
    if (event.kind === 'synchronised') correctTimes(running);
  }

  function correctTimes({ correction }: Running): void {
    correction.start({ bootId: time.bootId, bootedAt: time.bootedAt() });
  }

  /** Polling late beats not polling: it is said, by `plantroom check` before and here, and done. */
  function warnOfOverload(): void {
    for (const { id, predictedLoad } of poller.buses()) {
      if (predictedLoad <= busLoadLimits.error) continue;
      const load = `${Math.ceil(predictedLoad * 100)} %`;
      log.warn(
        { bus: id, load },
        'the bus is asked for more time than it has: plantroom check tells which intervals fit',
      );
    }
  }

  function forgetHoles(device: string): CommandReply {
    return poller.forget(device)
      ? { kind: 'done', message: `${device} is asked again for all it has refused` }
      : {
          kind: 'refused',
          message: `there is no device ${JSON.stringify(device)}`,
          details: ['plantroom status lists the devices'],
        };
  }

  /** A clock that was never set does not tell the time of day. */
  function timeOfDay(wallMs: number): number | undefined {
    return time.state.quality === 'unsynchronised' ? undefined : localTimeOfDay(wallMs);
  }

  async function start(): Promise<void> {
    const { site } = options;
    await time.start();
    const onUnstored = () => running?.uplinks.notify();
    const { alarmBytes, historyBytes } = shareStore(site.store.sizeBytes);
    const limits = { databaseBytes: alarmBytes };
    const store = await openStore({ folder: options.dataFolder, clock, log, limits, onUnstored });
    await store.useUplinks(site.uplinks.map(({ id }) => id));
    const states = await store.alarmStates();
    const [newest] = await store.alarmLog({ limit: 1 });
    const desk = createAlarmDesk({
      storeId: store.id,
      lastEventNumber: store.lastEventNumber,
      states,
      clock,
      stampAt: time.stampAt,
      language: () => running?.site.gateway.language ?? site.gateway.language,
      device: number => running?.site.devices.find(device => device.number === number),
      point: number => table.get(number)?.point,
    });
    const book = createWatchedBook({ site: bookSite(site), states, lastSign: newest?.stamp, stampAt: time.stampAt });
    const detector = createDetector(
      site.rules,
      states.filter(({ isActive }) => isActive).map(({ alarm }) => alarm),
      { timeOfDay, memories: await keeper.load(store.memories(), site) },
    );
    if (detector.forgotten.length > 0)
      log.warn({ rules: detector.forgotten }, 'what these rules remembered makes no sense');
    table.replace(site.points);
    const computer = createComputer({
      expressions: site.expressions,
      isActive: detector.isActive,
      pointNow: table.get,
    });
    const schedules = createScheduleWatch(site.suppressions, site.gateway.timeZone);
    const history = openHistory({
      folder: options.dataFolder,
      sizeBytes: historyBytes,
      uplinks: summaryNeeds(site),
      clock,
      log,
      onWritten: () => running?.uplinks.notify(),
    });
    const roomMaker = createRoomMaker({ clock, store, history });
    const uplinks = openUplinks(site, store, history, desk);
    const correction = createTimeCorrection({ clock, log, store, history, onCorrected: desk.correct });
    running = { site, store, history, roomMaker, correction, desk, book, detector, computer, schedules, uplinks };
    const { happenings, renewed } = book.begin(bookTime());
    if (renewed.length > 0) commitAlarms(running, desk.renew(renewed), clock.monoMs());
    settleAlarms(running, happenings);
    // Another process of this boot may have recorded before the clock was set.
    if (time.state.quality === 'synchronised') correctTimes(running);
    keeper.start(detector.memories);
    await memory.load(store.learned(), site.devices);
    await uplinks.replace(site.uplinks);
    await poller.replace(site, options.tidyUp);
    warnOfOverload();
    log.info(
      { site: options.sitePath, points: site.points.length, rules: site.rules.length, standing: states.length },
      'gateway started',
    );
  }

  /** Swaps in the changed site file, or changes nothing at all. */
  async function reload(current: Running): Promise<CommandReply> {
    const loaded = await options.loadSite();
    if (loaded.kind === 'wrong') {
      log.warn({ site: options.sitePath, problems: loaded.problems.length }, 'reload refused: the site file is wrong');
      return {
        kind: 'refused',
        message: 'the site file is wrong; the old one goes on',
        details: loaded.problems.map(formatProblem),
      };
    }
    const { site } = loaded;
    if (site.gateway.id !== current.site.gateway.id) {
      return {
        kind: 'refused',
        message: 'the gateway id has changed',
        details: ['an id names the store and the topics: restart to change it'],
      };
    }
    const nowMono = clock.monoMs();
    const removed = current.detector.replaceRules(site.rules, { mono: nowMono, wall: clock.wallMs() });
    settleAlarms(current, [...current.book.apply(removed), ...current.book.replaceRules(bookSite(site), bookTime())]);
    keeper.replaceSite(site);
    keepLast(current, site);
    current.history.useUplinks(summaryNeeds(site));
    current.history.resize(shareStore(site.store.sizeBytes).historyBytes);
    await current.store.useUplinks(site.uplinks.map(({ id }) => id));
    running = { ...current, site };
    table.replace(site.points);
    current.computer.replace(site.expressions);
    current.schedules.replace(site.suppressions, site.gateway.timeZone);
    await Promise.all([poller.replace(site), current.uplinks.replace(site.uplinks)]);
    current.uplinks.rebirth();
    warnOfOverload();
    const counts = { points: site.points.length, rules: site.rules.length, devices: site.devices.length };
    audit(current.store, { kind: 'configuration', who: 'gateway', body: { site: options.sitePath, ...counts } });
    log.info({ site: options.sitePath, ...counts }, 'site file reloaded');
    const warnings = loaded.warnings.length > 0 ? `, ${loaded.warnings.length} warnings` : '';
    return { kind: 'done', message: `${site.points.length} points, ${site.rules.length} alarms${warnings}` };
  }

  async function stop(): Promise<void> {
    await lastCommand;
    await poller.stop();
    if (!running) return;
    for (const window of summarizer.flush(clock.wallMs())) keepWindow(running, window);
    for (const frame of recorder.flush()) keepFrame(running, frame);
    keeper.stop();
    await running.uplinks.stop();
    expiries.stop();
    running.roomMaker.stop();
    running.correction.stop();
    await Promise.all([running.store.close(), running.history.close()]);
    instruments.stop();
    time.stop();
    running = undefined;
    log.info({}, 'gateway stopped');
  }

  async function handle(command: Command): Promise<CommandReply> {
    // One after the other: two reloads at once would each see half of the other.
    const reply = lastCommand.then(() =>
      running
        ? runCommand(running, command)
        : { kind: 'refused' as const, message: 'the gateway is not running', details: [] },
    );
    lastCommand = reply.catch(() => undefined);
    return reply;
  }

  function runCommand(current: Running, command: Command): Promise<CommandReply> {
    switch (command.kind) {
      case 'reload':
        return reload(current);
      case 'forget-holes':
        return Promise.resolve(forgetHoles(command.device));
      case 'refresh':
        current.uplinks.refresh();
        return Promise.resolve({ kind: 'done', message: 'the alarms that stand are sent anew' });
      default:
        return Promise.resolve(runAlarmCommand(current, command));
    }
  }

  /** The alarms of a point that stand and are not hidden. */
  function alarmsOn(point: number): readonly string[] {
    const { detector, book } = mustRun();
    return detector.activeOn(point).filter(alarm => !isHidden(book.lifeOf(alarm)));
  }

  function mustRun(): Running {
    if (running) return running;
    throw new PlantroomError('the gateway is not running', { kind: 'not-running', hint: 'start it first' });
  }

  return {
    start,
    stop,
    handle,
    points: () => pointViews(mustRun().site, table.all(), alarmsOn, clock),
    async alarms(historyLimit) {
      const { desk, book, store } = mustRun();
      return {
        standing: desk.states().filter(state => !isHidden(state)),
        hidden: desk.states().filter(isHidden),
        deadlines: deadlineViews(desk.states(), book.owedBy, clock),
        history: historyLimit > 0 ? await store.alarmLog({ limit: historyLimit }) : [],
      };
    },
    site: () => mustRun().site,
    ask: poller.ask,
    holes: () => memory.views(mustRun().site.devices),
    status: () => {
      const { site, store, history, uplinks, desk } = mustRun();
      return statusView({
        version: options.version,
        sitePath: options.sitePath,
        startedAt,
        clockState: time.state,
        uptimeMs: clock.monoMs() - startedMono,
        site,
        rows: table.all(),
        standing: desk.states().filter(state => !isHidden(state)).length,
        buses: poller.buses(),
        devices: poller.devices(),
        store,
        history,
        uplinks: uplinks.figures(),
        latency,
      });
    },
  };
}

function keysOf(changes: readonly Change[]): readonly string[] {
  return changes.length === 0 ? noKeys : changes.map(({ rule }) => rule.key);
}

const noKeys: readonly string[] = Object.freeze([]);

/** Uplinks that send summaries. */
function summaryNeeds({ uplinks }: Site): UplinkNeed[] {
  return uplinks.flatMap(({ id, summaries }) => (summaries ? [{ id, span: summaries }] : []));
}

function bookSite({ rules, suppressions, policies, groups }: Site) {
  return { rules, suppressions: suppressions.map(({ id }) => id), policies, groups };
}

/** What exists only between start and stop. */
interface Running {
  readonly site: Site;
  readonly store: Store;
  readonly history: History;
  readonly roomMaker: { stop(): void };
  readonly correction: TimeCorrection;
  readonly detector: Detector;
  readonly computer: Computer;
  readonly schedules: ScheduleWatch;
  readonly desk: AlarmDesk;
  readonly book: WatchedBook;
  readonly uplinks: Uplinks;
}
