import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatAge } from '../base/duration.ts';
import { PlantroomError } from '../base/errors.ts';
import { plainLife, type Rule } from '../model/alarm.ts';
import { isText, type Point, type SampleBatch } from '../model/point.ts';
import { createReplay, type Replay, siteOfRules } from '../replay/replay.ts';
import {
  basisOf,
  type LimitProposal,
  proposeLimits,
  proposeRate,
  type RateProposal,
} from '../replay/suggest/proposal.ts';
import { createSeriesCollector } from '../replay/suggest/series.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { type GlobalOptions, oneOf } from './options.ts';
import { printJson, printLines } from './output.ts';
import { findStore } from './places.ts';
import { csvSource } from './replay/csv-source.ts';
import { historySource } from './replay/history-source.ts';
import { holdOf } from './replay/hold.ts';
import { playAll } from './replay/play.ts';
import type { Source } from './replay/source.ts';
import { stoppable } from './signals.ts';
import { loadSiteOrExplain } from './site-file.ts';
import { alarmKey, renderSuggestion, type Suggestion, suggestionJson } from './suggest/view.ts';
import { timeOf } from './time-option.ts';

const ruleKinds = ['limit', 'rate'] as const;

interface SuggestOptions extends GlobalOptions {
  readonly site?: string;
  readonly since?: string;
  readonly until?: string;
  readonly data?: string;
  readonly csv?: string;
  readonly rule: (typeof ruleKinds)[number];
}

const dayMs = 86_400_000;
const defaultDays = 14;

/** With less a proposal would be a guess: a plant has days and nights. */
const leastGoodMs = dayMs;
const leastRecorded = 100;

export function registerSuggest(program: Command, context: CliContext): void {
  program
    .command('suggest')
    .summary('propose limits, deadband and delays for a point')
    .description(
      'Looks at what a point did in the raw history, or in a CSV file, and proposes an alarm: limits, deadband and delays, with a picture, how often it would have come, and the lines to paste into the site file. Changes nothing.',
    )
    .argument('<point>', 'the point, as device/point')
    .option('--rule <kind>', ruleKinds.join(' or '), oneOf('--rule', ruleKinds), 'limit')
    .option('--site <file>', 'the site file that has the point (default: that of the daemon that runs)')
    .option('--since <time>', 'from then on: 14d for fourteen days ago, 2026-01-31 (default: 14d; all of a CSV)')
    .option('--until <time>', 'up to then, as --since (default: now; all of a CSV)')
    .option('--data <folder>', 'the folder of the store (default: that of the daemon that runs)')
    .option('--csv <file>', 'values from a file in place of the history')
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom suggest booster/outlet-pressure\n  plantroom suggest booster/outlet-pressure --rule rate --since 3d\n  plantroom suggest tank/level --site new.yaml --csv level.csv --json | jq -r .yaml',
    )
    .action((point: string, _options: unknown, command: Command) => suggest(context, point, command.optsWithGlobals()));
}

async function suggest(context: CliContext, key: string, options: SuggestOptions): Promise<void> {
  const nowMs = context.clock.wallMs();
  const since = timeOf('--since', options.since, nowMs);
  const until = timeOf('--until', options.until, nowMs);
  const needsStore = options.csv === undefined || options.site === undefined;
  const place = needsStore ? await findStore(context, options) : undefined;
  const site = await loadSiteOrExplain(context.err, options.site ?? place?.site ?? mustSaySite());
  const point = findPoint(site.points, key);
  const suggestion = await stoppable(context, async signal => {
    if (options.csv !== undefined) {
      const path = resolve(context.cwd, options.csv);
      const name = options.csv;
      const open = () => csvSource({ name, path, points: [point], from: since, to: until });
      return await propose(context, options, { point, open, from: since, to: until, signal });
    }
    const { openHistoryReader } = await import('../store/history/reader.ts');
    const reader = openHistoryReader(place?.folder ?? '');
    const [from, to] = [since ?? nowMs - defaultDays * dayMs, until ?? nowMs];
    try {
      const open = () => historySource(reader, [point], { fromBy: [from], to });
      return await propose(context, options, { point, open, from, to, signal });
    } finally {
      reader.close();
    }
  });
  if (options.json) printJson(context, suggestionJson(suggestion));
  else printLines(context, renderSuggestion(suggestion, widthOf(context.out), styleFor(context.out, context.env)));
}

interface Job {
  readonly point: Point;
  /** The recording from its beginning: it is read twice. */
  readonly open: () => Source;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly signal: AbortSignal;
}

async function propose(context: CliContext, { rule }: SuggestOptions, job: Job): Promise<Suggestion> {
  const { point, signal } = job;
  const collector = createSeriesCollector();
  let goodCount = 0;
  const look = replayOf(point, [], batch => {
    const sample = batch.samples[0];
    const isGood = sample?.quality === 'good';
    if (isGood) goodCount += 1;
    collector.add(batch.sampledAt, isGood ? sample.value : Number.NaN);
  });
  const source = job.open();
  await playAll(context, source, look, signal);
  const { firstAt, lastAt, values: recorded } = source.found;
  const goodMs = goodCount * point.intervalMs;
  refuseTooLittle(point, goodMs, recorded, source);
  const { series } = collector;
  const basis = basisOf(series, point);
  const limits = rule === 'limit' ? proposeLimits(series, point, basis) : [];
  const rate = rule === 'rate' ? proposeRate(series, point, basis) : undefined;
  if (limits.length === 0 && !rate) throw tooLittle(`${point.key} did not move in that time`);
  const [from, to] = [
    Math.max(job.from ?? 0, firstAt ?? 0),
    Math.min(job.to ?? Number.POSITIVE_INFINITY, (lastAt ?? 0) + 1),
  ];
  const trial = replayOf(point, rulesOf(point, limits, rate));
  await playAll(context, job.open(), trial, signal);
  const would = trial.occurrences(from, to);
  return { point, from, to, series, goodMs, recorded, basis, limits, rate, would };
}

function replayOf(point: Point, rules: readonly Rule[], onBatch?: (batch: SampleBatch) => void): Replay {
  return createReplay({
    points: [{ point, holdMs: holdOf(point) }],
    site: siteOfRules(rules),
    countFrom: Number.NEGATIVE_INFINITY,
    ...(onBatch && { onBatch }),
  });
}

function rulesOf(point: Point, limits: readonly LimitProposal[], rate: RateProposal | undefined): Rule[] {
  const base = {
    device: point.device,
    point: point.number,
    priority: 'medium' as const,
    message: '',
    onDelayMs: 0,
    offDelayMs: 0,
    life: plainLife,
  };
  return [
    ...limits.map((limit): Rule => ({ ...base, ...limit, kind: 'limit', key: alarmKey(point, limit.level) })),
    ...(rate
      ? [{ ...base, ...rate, kind: 'rate' as const, direction: 'both' as const, key: alarmKey(point, 'rate') }]
      : []),
  ];
}

function findPoint(points: readonly Point[], key: string): Point {
  const point = points.find(one => one.key === key);
  if (!point)
    throw new PlantroomError(`the site file has no point ${JSON.stringify(key)}`, {
      kind: 'not-found',
      hint: 'points are named device/point: plantroom points lists them',
    });
  if (point.states || isText(point))
    throw new PlantroomError(`${key} has states and no range of values`, {
      kind: 'usage',
      hint: 'write an alarm with state: for it',
    });
  if (point.isCounter)
    throw new PlantroomError(`${key} is a counter: it only rises, and no limit lasts`, {
      kind: 'usage',
      hint: 'look at its summaries: plantroom export --span 1day tells how much it rose',
    });
  return point;
}

function refuseTooLittle(point: Point, goodMs: number, recorded: number, { found }: Source): void {
  if (found.otherUnit.has(point.key)) throw tooLittle(`${point.key} was recorded in a unit that does not convert`);
  if (recorded === 0) throw tooLittle(`nothing of ${point.key} was recorded in that time`);
  if (goodMs < leastGoodMs)
    throw tooLittle(
      `there are ${formatAge(goodMs)} of good values of ${point.key}, and a proposal stands on a day at least`,
    );
  if (recorded < leastRecorded)
    throw tooLittle(
      `${point.key} has only ${recorded} recorded values in that time: a proposal stands on ${leastRecorded} at least`,
    );
}

function tooLittle(message: string): PlantroomError {
  return new PlantroomError(message, {
    kind: 'not-found',
    hint: 'wait until the history has more, or ask for a longer time with --since; record: off keeps no history of a point',
  });
}

function mustSaySite(): never {
  throw new PlantroomError('nobody says which site file has the point', {
    kind: 'usage',
    hint: 'say it with --site FILE',
  });
}
