import { resolve } from 'node:path';
import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import { floodAlarm, type Rule } from '../model/alarm.ts';
import { matchesGlob } from '../model/glob.ts';
import type { Point } from '../model/point.ts';
import type { Site } from '../model/site.ts';
import { suggest } from '../model/suggestion.ts';
import { coarselyRecorded } from '../replay/coarse-record.ts';
import { compare } from '../replay/compare.ts';
import { doubtfulSuppressions, doubtOf, type Grounds, knownShareOf, pointsNeeded } from '../replay/grounds.ts';
import { createReplay } from '../replay/replay.ts';
import { createSourceFinder, narrow } from '../replay/sources.ts';
import { memoryMs, warmUps } from '../replay/warm-up.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { duration, type GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';
import { findStore } from './places.ts';
import { formatTime } from './render/time.ts';
import { type Came, readCame } from './replay/came.ts';
import { csvSource } from './replay/csv-source.ts';
import { endOfReplay } from './replay/end.ts';
import { threadedHistory } from './replay/history-thread.ts';
import { holdOf } from './replay/hold.ts';
import { playAll } from './replay/play.ts';
import { notesOf, type ReplayResult, type ReplayRow } from './replay/result.ts';
import type { Source } from './replay/source.ts';
import { renderReplay, replayJson } from './replay/view.ts';
import { stoppable } from './signals.ts';
import { loadSiteOrExplain } from './site-file.ts';
import { timeOf } from './time-option.ts';

interface ReplayOptions extends GlobalOptions {
  readonly site: string;
  readonly since?: string;
  readonly until?: string;
  readonly data?: string;
  readonly csv?: string;
  readonly device?: string;
  readonly alarm?: string;
  readonly hold?: number;
  readonly each?: boolean;
  readonly all?: boolean;
}

const weekMs = 7 * 86_400_000;

export function registerReplay(program: Command, context: CliContext): void {
  program
    .command('replay')
    .summary('try the alarms of a site file on the recorded past')
    .description(
      'Judges as the gateway does the raw history, or a CSV file, with the alarms of a site file, and lists which would have come beside those that came. Changes nothing; the daemon may run.',
    )
    .requiredOption('--site <file>', 'the site file with the alarms to try')
    .option(
      '--since <time>',
      'from then on: 7d for seven days ago, 2026-01-31, 2026-01-31T14:05 (default: 7d; all of a CSV)',
    )
    .option('--until <time>', 'up to then, as --since (default: now; all of a CSV)')
    .option('--data <folder>', 'the folder of the store (default: that of the daemon that runs)')
    .option('--csv <file>', 'values from a file in place of the history')
    .option('--device <pattern>', 'only alarms of these devices, for example "pump-*"')
    .option('--alarm <pattern>', 'only these alarms, for example "*/pressure-low"')
    .option(
      '--hold <duration>',
      'how long a value stands when no other comes (default: the longest gap of its point)',
      duration('--hold', '1s', '7d'),
    )
    .option('--each', 'also list each time an alarm stood')
    .option('--all', 'also list alarms that neither came nor would have come')
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom replay --site new.yaml --since 7d\n  plantroom replay --site new.yaml --since 2026-01-31 --until 2026-02-07 --device "pump-*" --each\n  plantroom replay --site new.yaml --csv january.csv --json | jq ".alarms[] | select(.difference == \\"new\\")"',
    )
    .action((_options: unknown, command: Command) => replay(context, command.optsWithGlobals()));
}

async function replay(context: CliContext, options: ReplayOptions): Promise<void> {
  const nowMs = context.clock.wallMs();
  const since = timeOf('--since', options.since, nowMs);
  const until = timeOf('--until', options.until, nowMs);
  const whole = await loadSiteOrExplain(context.err, options.site);
  const rules = chooseRules(whole, options);
  const site = narrow(whole, rules);
  const result = await stoppable(context, signal =>
    options.csv === undefined
      ? replayHistory(context, options, { site, rules, since, until, signal })
      : replayCsv(context, options, options.csv, { site, rules, since, until, signal }),
  );
  if (options.json) {
    printJson(context, replayJson(result, options.each === true));
    return;
  }
  const show = { hasEach: options.each === true, hasAll: options.all === true };
  printLines(context, renderReplay(result, show, widthOf(context.out), styleFor(context.out, context.env)));
}

interface Job {
  /** As much of it as has to be judged for the rules. */
  readonly site: Site;
  /** Those that are shown. */
  readonly rules: readonly Rule[];
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly signal: AbortSignal;
}

async function replayHistory(context: CliContext, options: ReplayOptions, job: Job): Promise<ReplayResult> {
  const nowMs = context.clock.wallMs();
  const [from, to] = [job.since ?? nowMs - weekMs, job.until ?? nowMs];
  checkOrder(from, to);
  const { folder } = await findStore(context, { ...options, site: undefined });
  const points = pointsNeeded(job.site, job.site.points);
  const warmUpMs = warmUpOf(job.site, options);
  const source = threadedHistory(folder, points, { fromOf: point => from - warmUpMs(point), to });
  const isOpenEnded = job.until === undefined;
  return replaySource(context, options, job, { source, points, from, to, isOpenEnded, folder });
}

async function replayCsv(context: CliContext, options: ReplayOptions, csv: string, job: Job): Promise<ReplayResult> {
  const { since: from, until: to } = job;
  checkOrder(from ?? Number.NEGATIVE_INFINITY, to ?? Number.POSITIVE_INFINITY);
  const points = pointsNeeded(job.site, job.site.points);
  const longestMs = points.map(warmUpOf(job.site, options)).reduce((most, ms) => Math.max(most, ms), 0);
  const warmFrom = from === undefined ? undefined : from - longestMs;
  const source = csvSource({ name: csv, path: resolve(context.cwd, csv), points, from: warmFrom, to });
  // The alarms of a store are beside a file only where a person says that they belong together.
  const folder = options.data === undefined ? undefined : resolve(context.cwd, options.data);
  return replaySource(context, options, job, { source, points, from, to, isOpenEnded: false, folder });
}

interface Recording {
  readonly source: Source;
  readonly points: readonly Point[];
  /** Undefined: from the first value, up to the last one. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** `to` is now, and nobody asked for it. */
  readonly isOpenEnded: boolean;
  readonly folder: string | undefined;
}

async function replaySource(
  context: CliContext,
  options: ReplayOptions,
  { site, rules, signal }: Job,
  { source, points, folder, ...wanted }: Recording,
): Promise<ReplayResult> {
  const recorded = points.map(point => ({ point, holdMs: options.hold ?? holdOf(point) }));
  const run = createReplay({
    points: recorded,
    site,
    countFrom: wanted.from ?? Number.NEGATIVE_INFINITY,
  });
  await playAll(context, source, run, signal);
  const { found } = source;
  if (options.csv !== undefined && found.values === 0) throw nothingIn(options.csv, found.unknown, points);
  const from = wanted.from ?? found.firstAt ?? 0;
  const last = wanted.to ?? (found.lastAt === undefined ? from : found.lastAt + 1);
  const to = wanted.isOpenEnded ? endOfReplay(from, last, found.lastAt) : last;
  const isFlood = (alarm: string) =>
    alarm === floodAlarm && options.device === undefined && options.alarm === undefined;
  const shown = new Set(rules.map(({ key }) => key));
  const would = run.occurrences(from, to).filter(({ alarm }) => shown.has(alarm) || isFlood(alarm));
  const came = folder === undefined ? undefined : await cameIn(folder, from, to, options);
  const shares = run.knownShares(from, to);
  const grounds: Grounds = {
    points,
    finder: createSourceFinder(site),
    recorded: found.recorded,
    otherUnit: found.otherUnit,
    known: new Map(points.map(({ key }, place) => [key, shares[place] ?? 0])),
  };
  const canTell = (rule: Rule) => doubtOf(rule, grounds) === undefined;
  const rows = compare({ rules, would, came: came?.occurrences, from, to, canTell }).map((row): ReplayRow => {
    const { rule } = row;
    return { ...row, doubt: rule && doubtOf(rule, grounds), knownShare: rule && knownShareOf(rule, grounds) };
  });
  const time = formatTime;
  const notes = notesOf({
    ...{ from, found, rows, came, time },
    coarse: coarselyRecorded(rules, points),
    unsureHiding: doubtfulSuppressions(site, grounds),
    forgetful: forgetfulAlarms(rules, from - (found.firstAt ?? from)),
  });
  return { from, to, samples: run.samples, points: points.length, rows, would, came: came?.occurrences, notes };
}

function nothingIn(csv: string, unknown: ReadonlySet<string>, points: readonly Point[]): PlantroomError {
  const [name] = unknown;
  const meant =
    name === undefined
      ? undefined
      : suggest(
          name,
          points.map(({ key }) => key),
        );
  const hint =
    meant === undefined ? 'points are named device/point; look at --since and --until, too' : `did you mean ${meant}?`;
  const what = name === undefined ? '' : `: ${JSON.stringify(name)} is none`;
  return new PlantroomError(`${csv} has no value of a point that the alarms look at${what}`, {
    kind: 'not-found',
    hint,
  });
}

/** Undefined where there is a history and no alarm log beside it. */
async function cameIn(folder: string, from: number, to: number, options: ReplayOptions): Promise<Came | undefined> {
  const { openAlarmLogReader } = await import('../store/alarm-log-reader.ts');
  const log = openAlarmLogReader(folder);
  try {
    return log && readCame(log, from, to, alarm => isMeant(alarm, options));
  } finally {
    log?.close();
  }
}

function chooseRules(site: Site, options: ReplayOptions): readonly Rule[] {
  const rules = site.rules.filter(({ key }) => isMeant(key, options));
  if (rules.length > 0) return rules;
  const isChosen = options.device !== undefined || options.alarm !== undefined;
  throw new PlantroomError(isChosen ? 'no alarm of the site file matches' : 'the site file has no alarm', {
    kind: 'not-found',
    hint: isChosen
      ? 'alarms are named device/alarm; put a pattern into quotes, or the shell replaces the *'
      : 'write some under alarms:, or give a device a profile that has some',
  });
}

/** Of a pattern without a slash the alarm's own id is enough. */
function isMeant(key: string, { device, alarm }: ReplayOptions): boolean {
  const slash = key.indexOf('/');
  if (device !== undefined && !matchesGlob(key.slice(0, slash), device)) return false;
  return (
    alarm === undefined || matchesGlob(key, alarm) || (!alarm.includes('/') && matchesGlob(key.slice(slash + 1), alarm))
  );
}

/** How much of the record of a point is replayed before the time asked for. */
function warmUpOf(site: Site, { hold }: ReplayOptions): (point: Point) => number {
  const needs = warmUps(site);
  return point => (needs.get(point.number) ?? 0) + (hold ?? holdOf(point)) + point.intervalMs;
}

/** What is forgotten sooner is full before anybody looks. */
const longMs = 3_600_000;

/** Keys of alarms that look further back than `knownMs` before the time asked for. */
function forgetfulAlarms(rules: readonly Rule[], knownMs: number): readonly string[] {
  return rules.filter(rule => memoryMs(rule) >= longMs && memoryMs(rule) > knownMs).map(({ key }) => key);
}

function checkOrder(from: number, to: number): void {
  if (from < to) return;
  throw new PlantroomError('--since is not before --until', {
    kind: 'usage',
    hint: 'a time without an offset is of this machine',
  });
}
