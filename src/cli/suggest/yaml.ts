import { formatDuration } from '../../base/duration.ts';
import type { Point } from '../../model/point.ts';
import type { LimitProposal, RateProposal } from '../../replay/suggest/proposal.ts';
import { roundSize } from '../../replay/suggest/rounding.ts';

/** What to paste into a site file. Whoever pastes it decides how urgent it is: no history knows what a person must do. */

export function limitYaml(point: Point, { level, limit, deadband, onDelayMs, offDelayMs }: LimitProposal): string[] {
  return [
    `  - id: ${point.id}-${level}`,
    `    point: ${point.key}`,
    `    ${level}: ${quantity(limit, point.unit)}`,
    `    deadband: ${quantity(deadband, point.unit)}`,
    `    on-delay: ${formatDuration(onDelayMs)}`,
    `    off-delay: ${formatDuration(offDelayMs)}`,
    '    priority: medium',
  ];
}

export function rateYaml(point: Point, { ratePerS, windowMs, minChange }: RateProposal): string[] {
  const rate = `{ both: ${formatRate(ratePerS, point.unit)}, over: ${formatDuration(windowMs)}, min-change: ${quantity(minChange, point.unit)} }`;
  return [`  - id: ${point.id}-rate`, `    point: ${point.key}`, `    rate: ${rate}`, '    priority: medium'];
}

function quantity(value: number, unit: string): string {
  return `${value} ${unit}`.trim();
}

/**
 * By the second, the minute or the hour, whichever makes a number that one can read. Rounded up: a slower rate would not
 * amount to the smallest change within the window, and a site file with such a rate is wrong.
 */
function formatRate(ratePerS: number, unit: string): string {
  const [factor, per] = (
    [
      [1, 's'],
      [60, 'min'],
      [3_600, 'h'],
    ] as const
  ).find(([times]) => ratePerS * times >= 0.1) ?? [3_600, 'h'];
  return `${roundSize(ratePerS * factor, 3)}${unit === '' ? '' : ` ${unit}`}/${per}`;
}
