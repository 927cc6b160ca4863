import { formatAge } from '../../base/duration.ts';
import type { Point } from '../../model/point.ts';
import type { Basis, LimitProposal, RateProposal } from '../../replay/suggest/proposal.ts';
import type { Series } from '../../replay/suggest/series.ts';
import { type AlarmSum, groupByAlarm, type Occurrence, sumUp } from '../../replay/tally.ts';
import { renderBandPlot } from '../render/band-plot.ts';
import { renderFacts } from '../render/facts.ts';
import { decimalsOf, formatNumber, formatShare } from '../render/number.ts';
import type { Style } from '../render/style.ts';
import { formatTime } from '../render/time.ts';
import { renderTimeAxis } from '../render/timeline.ts';
import { countOf } from '../render/words.ts';
import { plotOf } from './plot.ts';
import { limitYaml, rateYaml } from './yaml.ts';

export interface Suggestion {
  readonly point: Point;
  readonly from: number;
  readonly to: number;
  readonly series: Series;
  /** How long good values stood in that time, and how many were recorded. */
  readonly goodMs: number;
  readonly recorded: number;
  readonly basis: Basis;
  readonly limits: readonly LimitProposal[];
  readonly rate: RateProposal | undefined;
  /** What the proposals would have raised in that time. */
  readonly would: readonly Occurrence[];
}

const widestPlot = 80;

/** Key of the alarm that a proposal would be. */
export function alarmKey(point: Point, proposal: 'high' | 'low' | 'rate'): string {
  return `${point.key}-${proposal}`;
}

export function renderSuggestion(suggestion: Suggestion, width: number | undefined, style: Style): string[] {
  const { point, from, to, series, limits } = suggestion;
  const plotWidth = Math.max(10, Math.min(widestPlot, (width ?? 100) - 45));
  const marks = limits.map(({ level, limit }) => ({ name: `${level} ${formatNumber(limit)}`, value: limit }));
  const format = (value: number) =>
    `${formatNumber(value, Math.min(decimalsOf(suggestion.basis.sigma || 1), 4))} ${point.unit}`.trim();
  const plot = plotOf(series, { from, to, width: plotWidth }, suggestion.basis.fence, marks, format);
  const lines = renderBandPlot(plot, style);
  const indent = ' '.repeat((lines[0] ?? '').indexOf('│') + 1);
  const axis = renderTimeAxis(from, to, plotWidth, at => formatTime(at).slice(5, 16));
  return [
    ...renderFacts(factsOf(suggestion), width, style),
    '',
    ...lines,
    style.faint(indent + axis),
    '',
    ...renderWould(suggestion),
    '',
    ...yamlOf(suggestion),
  ];
}

function factsOf({ point, from, to, basis, goodMs, recorded }: Suggestion): [string, string][] {
  const value = (one: number) => `${formatNumber(one)} ${point.unit}`.trim();
  const { guidance, strayShare } = basis;
  return [
    ['point', `${point.key}  ${point.name}`],
    ['time', `${formatTime(from)} to ${formatTime(to)}`],
    ['stands on', `${formatAge(goodMs)} of good values, ${countOf(recorded, 'value')} recorded`],
    ['values', `${value(basis.least)} to ${value(basis.most)}, median ${value(basis.median)} ± ${value(basis.sigma)}`],
    ['noise', `${value(basis.noise)} from one sample to the next`],
    ...(strayShare > 0
      ? [['far out', `${formatShare(strayShare)} of the values, left out of the limits`] as [string, string]]
      : []),
    [
      'floor',
      `${guidance.kind}: deadband ${formatShare(guidance.deadbandShare)} of the range, delays ${formatAge(guidance.delayMs)}`,
    ],
  ];
}

/** What would have come, by the very detector. */
function renderWould(suggestion: Suggestion): string[] {
  return sumsOf(suggestion).map(({ proposal, sum }) => {
    const often = sum.count === 0 ? 'never' : sum.count === 1 ? 'once' : countOf(sum.count, 'time');
    const length =
      sum.count === 0 ? '' : `, for ${formatAge(sum.totalMs)} together, ${formatAge(sum.longestMs)} at most`;
    return `${proposal} would have come ${often}${length}`;
  });
}

function sumsOf({ point, limits, rate, would, from, to }: Suggestion): { proposal: string; sum: AlarmSum }[] {
  const groups = groupByAlarm(would);
  const proposals = [...limits.map(({ level }) => level), ...(rate ? (['rate'] as const) : [])];
  return proposals.map(proposal => ({ proposal, sum: sumUp(groups.get(alarmKey(point, proposal)) ?? [], from, to) }));
}

function yamlOf({ point, limits, rate, goodMs }: Suggestion): string[] {
  return [
    `# Proposed by plantroom from ${formatAge(goodMs)} of good values.`,
    '# What is ordinary is not yet what is safe: where the data',
    '# plate or a rule of the trade knows a limit, that one goes.',
    '# The priority is by what a person must do.',
    'alarms:',
    ...limits.flatMap(one => limitYaml(point, one)),
    ...(rate ? rateYaml(point, rate) : []),
  ];
}

export function suggestionJson(suggestion: Suggestion) {
  const { point, from, to, goodMs, recorded, basis, limits, rate } = suggestion;
  const { least, most, median, sigma, noise, strayShare } = basis;
  return {
    point: point.key,
    unit: point.unit,
    from,
    to,
    goodMs,
    recorded,
    values: { least, most, median, sigma, noise, strayShare },
    limits,
    rate: rate ?? null,
    would: Object.fromEntries(
      sumsOf(suggestion).map(({ proposal, sum: { count, totalMs, longestMs } }) => [
        proposal,
        { count, totalMs, longestMs },
      ]),
    ),
    yaml: yamlOf(suggestion).join('\n'),
  };
}
