import { createDrivers } from '../drivers/registry.ts';
import type { Clock } from './base/clock.ts';
import { PlantroomError } from './base/errors.ts';
import type { Log } from './base/log.ts';
import type { Random } from './base/random.ts';
import type { Answer, Question } from './driver.ts';
import { type BookTime, createJudge, type Judge, type Verdict } from './judge/judge.ts';
import { type AlarmCommits, createAlarmCommits } from './live/alarm-commits.ts';
import { type AlarmDesk, createAlarmDesk } from './live/alarm-desk.ts';
import { type Audit, createAudit } from './live/audit.ts';
import type { ClockEvent } from './live/clock-watch.ts';
import { type Disks, openDisks } from './live/disks.ts';
import { createDueTimer } from './live/due-timer.ts';
import { createHistoryFeed, type HistoryFeed } from './live/history-feed.ts';
import { createInstruments } from './live/instruments.ts';
import { createLatencies } from './live/latency.ts';
import { refuseOtherOccurrence } from './live/occurrence-guard.ts';
import { createPlantUplinks } from './live/plant-uplinks.ts';
import { createPointTable } from './live/point-table.ts';
import { createReadMemory } from './live/read-memory.ts';
import { createRuleKeeper } from './live/rule-keeper.ts';
import { createTimeCorrection, type TimeCorrection } from './live/time-correction.ts';
import { createTimeKeeper } from './live/time-keeper.ts';
import { systemTimeWitness } from './live/time-witness.ts';
import { alarmsView, isHidden, pointViews, statusView } from './live/views.ts';
import type { AlarmState } from './model/alarm.ts';
import type { Command, CommandReply } from './model/command.ts';
import type { OutputView } from './model/output.ts';
import type { SampleBatch } from './model/point.ts';
import type { Site } from './model/site.ts';
import type { AlarmsView, HoleView, PointView, StatusView } from './model/view.ts';
import { createOnoffPins } from './output/onoff-pins.ts';
import { type OutputCommand, runOutputCommand } from './output/output-command.ts';
import { createOutputs } from './output/outputs.ts';
import { standingAlarm } from './output/standing-alarm.ts';
import { warnOfOverload } from './poll/bus-load.ts';
import { createPoller, type Poller } from './poll/poller.ts';
import { formatProblem, type LoadResult, readSecret, systemSecretSources } from './site/site-loader.ts';
import type { History } from './store/history/history.ts';
import type { Store, TimeFix } from './store/store.ts';
import type { Uplinks } from './uplink/uplinks.ts';

/*
 * The way of a value, in one place:
 *
 *   poller ─ batch ─► judge ─ happenings ─► alarm desk ─ events ─► store ─ committed ─► uplink
 *                       │                       └ alarms that stand ─► outputs (beacon, siren)
 *                       └ batches, those it computed among them ─┬─► point table
 *                                                                └─► history feed ─ windows, frames ─► history ─► uplink
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
  /** The beacons and sirens of the site. */
  outputs(): readonly OutputView[];
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

/** Touches nothing until `start`. */
export function createGateway(options: GatewayOptions): Gateway {
  const { clock, random, log } = options;
  const startedAt = clock.wallMs();
  const startedMono = clock.monoMs();
  const time = createTimeKeeper({ clock, witness: systemTimeWitness, log, onEvent: onClockEvent });
  const table = createPointTable();
  const latency = createLatencies();
  const instruments = createInstruments({
    ...{ clock, startedMono, time: () => time.state, outputs: () => outputs.views() },
    store: () => running?.store.figures(),
    uplinks: () => running?.uplinks.figures() ?? [],
    history: () => running?.history.figures(),
    buses: () => poller.buses(),
  });
  const outputs = createOutputs({ openPin: createOnoffPins(clock), clock, random, log });
  const memory = createReadMemory({ write: record => running?.store.keepLearned(record), clock, log });
  const keeper = createRuleKeeper({
    ...{ clock, log, stampAt: time.stampAt },
    write: memories => running?.store.keepMemories(memories),
    forget: rules => running?.store.forgetMemories(rules),
  });
  const poller: Poller = createPoller({
    ...{ drivers: createDrivers({ instruments: instruments.measures }), memory, clock, random, log },
    ...{ onBatch, onLateness: latency.lateness.record },
  });
  const expiries = createDueTimer(clock, () => {
    if (running) settle(running, running.judge.expire());
  });
  let running: Running | undefined;
  let lastCommand: Promise<unknown> = Promise.resolve();
  /** When the conditions of the newest batch were decided. */
  let judgedMono = Number.NaN;

  function onBatch(batch: SampleBatch): void {
    if (!running) return;
    const verdict = running.judge.step(batch);
    if (verdict) settle(running, verdict, judgedMono);
  }

  /** One batch on its way, read or computed. */
  function onJudged(batch: SampleBatch, isHidden: boolean): void {
    judgedMono = clock.monoMs();
    latency.sampledToDetected.record(judgedMono - batch.sampledAtMono);
    if (isHidden) return;
    table.apply(batch);
    running?.feed.add(batch);
  }

  /** Records what happened, and waits for what ends by itself next. */
  function settle(current: Running, verdict: Verdict, detectedMono = clock.monoMs()): void {
    const { judge, desk, commits } = current;
    for (const { suppression, isOn } of verdict.suppressions)
      log.info({ suppression }, isOn ? 'a suppression has begun' : 'a suppression has ended');
    // In one commit: a crash must not part a cause from those that follow it.
    const record = desk.record(verdict.happenings, verdict.restated);
    if (record.states.length > 0) {
      // Ahead of the disk: who stands beside the gateway is told at once.
      showAlarms(current);
      commits.commit(record, detectedMono);
    }
    expiries.arm(judge.nextDueMono());
  }

  function showAlarms({ site, desk, judge }: Running): void {
    if (site.outputs.length > 0)
      outputs.show(() => desk.states().map(state => standingAlarm(state, judge.claimOf(state.alarm))));
  }

  function bookTime(): BookTime {
    const mono = clock.monoMs();
    return { mono, wall: clock.wallMs(), stamp: time.stampAt(mono) };
  }

  function isClockInDoubt(): boolean {
    return time.state.quality === 'unsynchronised';
  }

  /** The clock was set: it goes into the audit, and what was recorded under a wrong one is put right. */
  function onClockEvent(event: ClockEvent): void {
    if (!running) return;
    running.audit({ kind: 'clock', who: 'gateway', body: event });
    if (event.kind === 'synchronised') correctTimes(running);
  }

  /** First the times of the alarms, so that what hides them is kept with those. */
  function onCorrected(states: readonly AlarmState[], fix: TimeFix): void {
    if (!running) return;
    running.desk.correct(states);
    settle(running, running.judge.correctTimes(fix));
  }

  function correctTimes({ correction }: Running): void {
    correction.start({ bootId: time.bootId, bootedAt: time.bootedAt() });
  }

  function runOutput({ audit }: Running, command: OutputCommand): CommandReply {
    const reply = runOutputCommand(outputs, command);
    if (reply.kind === 'done') {
      const { kind, by, ...rest } = command;
      audit({ kind: 'command', who: by.who, body: { command: kind, from: by.from, ...rest } });
    }
    return reply;
  }

  /** Opens all that lies on the disk, and builds what needs to know what is there. */
  async function build(site: Site): Promise<Running> {
    const { dataFolder: folder, version } = options;
    const onMore = () => running?.uplinks.notify();
    const disks = await openDisks({ folder, site, clock, log, onMore });
    const { store, history, states, lastSign } = disks;
    const { stampAt } = time;
    const desk = createAlarmDesk({
      ...{ storeId: store.id, lastEventNumber: store.lastEventNumber, states, clock, stampAt },
      language: () => running?.site.gateway.language ?? site.gateway.language,
      device: number => running?.site.devices.find(device => device.number === number),
      point: number => table.get(number)?.point,
    });
    const judge = createJudge({
      ...{ site, states, lastSign, stampAt, memories: await keeper.load(store.memories(), site) },
      ...{ now: bookTime, isClockInDoubt, pointNow: table.get, onJudged },
    });
    if (judge.forgotten.length > 0) log.warn({ rules: judge.forgotten }, 'what these rules remembered makes no sense');
    const feed = createHistoryFeed({ devices: site.devices, history, doubtOf: time.doubtOf });
    const correction = createTimeCorrection({ clock, log, store, history, onCorrected });
    const audit = createAudit(store, log);
    const commits = createAlarmCommits({ clock, log, latency, store, onCommitted: onMore });
    const secrets = systemSecretSources(warning => log.warn({}, warning));
    const uplinks = createPlantUplinks({
      ...{ gateway: site.gateway, version, store, history, desk, audit, isClockInDoubt, clock, random, log },
      plant: { site: () => mustRun().site, pointNow: table.get },
      run: handle,
      onAcknowledged: commits.acknowledged,
      passwordOf: ({ password }) => (password ? readSecret(password, secrets) : undefined),
    });
    return { site, disks, store, history, feed, correction, desk, judge, commits, audit, uplinks };
  }

  async function start(): Promise<void> {
    const { site } = options;
    // First of all: a siren that a crash left on is off, and what is to be on while the gateway knows nothing is on.
    await outputs.replace(site.outputs);
    await time.start();
    table.replace(site.points);
    running = await build(site);
    const { desk, judge, store, uplinks } = running;
    const standing = desk.states().length;
    settle(running, judge.begin());
    showAlarms(running);
    // Another process of this boot may have recorded before the clock was set.
    if (!isClockInDoubt()) correctTimes(running);
    keeper.start(judge.memories);
    await memory.load(store.learned(), site.devices);
    await uplinks.replace(site.uplinks);
    await poller.replace(site, options.tidyUp);
    warnOfOverload(poller.buses(), log);
    log.info({ site: options.sitePath, ...countsOf(site), standing }, 'gateway started');
  }

  /** Swaps in the changed site file, or changes nothing at all. */
  async function reload(current: Running): Promise<CommandReply> {
    const loaded = await options.loadSite();
    if (loaded.kind === 'wrong') {
      log.warn({ site: options.sitePath, problems: loaded.problems.length }, 'reload refused: the site file is wrong');
      return refuse('the site file is wrong; the old one goes on', ...loaded.problems.map(formatProblem));
    }
    const { site } = loaded;
    if (site.gateway.id !== current.site.gateway.id)
      return refuse('the gateway id has changed', 'an id names the store and the topics: restart to change it');
    // Before the points: alarms that are removed with theirs are still told by its name.
    settle(current, current.judge.replace(site));
    keeper.replaceSite(site);
    current.feed.replace(site.devices);
    await current.disks.replace(site);
    running = { ...current, site };
    table.replace(site.points);
    await outputs.replace(site.outputs);
    showAlarms(running);
    await Promise.all([poller.replace(site), current.uplinks.replace(site.uplinks)]);
    current.uplinks.rebirth();
    warnOfOverload(poller.buses(), log);
    const counts = countsOf(site);
    current.audit({ kind: 'configuration', who: 'gateway', body: { site: options.sitePath, ...counts } });
    log.info({ site: options.sitePath, ...counts }, 'site file reloaded');
    const warnings = loaded.warnings.length > 0 ? `, ${loaded.warnings.length} warnings` : '';
    return { kind: 'done', message: `${site.points.length} points, ${site.rules.length} alarms${warnings}` };
  }

  async function stop(): Promise<void> {
    await lastCommand;
    await poller.stop();
    await outputs.stop();
    if (!running) return;
    running.feed.flush(clock.wallMs());
    keeper.stop();
    await running.uplinks.stop();
    expiries.stop();
    running.correction.stop();
    await running.disks.close();
    instruments.stop();
    time.stop();
    running = undefined;
    log.info({}, 'gateway stopped');
  }

  async function handle(command: Command): Promise<CommandReply> {
    // One after the other: two reloads at once would each see half of the other.
    const reply = lastCommand.then(() =>
      running ? runCommand(running, command) : refuse('the gateway is not running'),
    );
    lastCommand = reply.catch(() => undefined);
    return reply;
  }

  async function runCommand(current: Running, command: Command): Promise<CommandReply> {
    switch (command.kind) {
      case 'reload':
        return reload(current);
      case 'forget-holes':
        return poller.forget(command.device)
          ? { kind: 'done', message: `${command.device} is asked again for all it has refused` }
          : refuse(`there is no device ${JSON.stringify(command.device)}`, 'plantroom status lists the devices');
      case 'refresh':
        current.uplinks.refresh();
        return { kind: 'done', message: 'the alarms that stand are sent anew' };
      case 'silence':
      case 'test-output':
        return runOutput(current, command);
      default: {
        const refusal = refuseOtherOccurrence(command, current.desk.occurrenceOf);
        if (refusal) return refusal;
        const { reply, ...verdict } = current.judge.act(command);
        settle(current, verdict);
        return current.commits.answer(reply);
      }
    }
  }

  /** The alarms of a point that stand and are not hidden. */
  function alarmsOn(point: number): readonly string[] {
    const { judge } = mustRun();
    return judge.activeOn(point).filter(alarm => !isHidden(judge.lifeOf(alarm)));
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
      const { desk, judge, store } = mustRun();
      const history = historyLimit > 0 ? await store.alarmLog({ limit: historyLimit }) : [];
      return alarmsView(desk.states(), judge.owedBy, history, clock);
    },
    site: () => mustRun().site,
    ask: poller.ask,
    holes: () => memory.views(mustRun().site.devices),
    outputs: () => outputs.views(),
    status: () => {
      const { site, store, history, uplinks, desk } = mustRun();
      return statusView({
        ...{ version: options.version, sitePath: options.sitePath, site, startedAt, clockState: time.state },
        ...{ uptimeMs: clock.monoMs() - startedMono, rows: table.all(), states: desk.states() },
        ...{ buses: poller.buses(), devices: poller.devices(), outputs: outputs.views() },
        ...{ store, history, uplinks: uplinks.figures(), latency },
      });
    },
  };
}

function countsOf({ points, rules, devices }: Site) {
  return { points: points.length, rules: rules.length, devices: devices.length };
}

function refuse(message: string, ...details: string[]): CommandReply {
  return { kind: 'refused', message, details };
}

/** What exists only between start and stop. */
interface Running {
  readonly site: Site;
  readonly disks: Disks;
  readonly store: Store;
  readonly history: History;
  readonly correction: TimeCorrection;
  readonly feed: HistoryFeed;
  readonly desk: AlarmDesk;
  readonly judge: Judge;
  readonly commits: AlarmCommits;
  readonly audit: Audit;
  readonly uplinks: Uplinks;
}
