import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import type { PointView } from '../model/view.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { findDaemon } from './daemon.ts';
import type { GlobalOptions } from './options.ts';
import { printJson, printLines } from './output.ts';
import { paintForQuality, type Style } from './render/style.ts';
import { type Column, renderTable } from './render/table.ts';
import { formatAgeOr, formatValue } from './render/words.ts';

export function registerPoints(program: Command, context: CliContext): void {
  program
    .command('points')
    .summary('list points with their values')
    .description('Lists points with value, unit, quality and age.')
    .argument('[pattern]', 'only points whose key matches, for example "booster/*"')
    .addHelpText('after', '\nExamples:\n  plantroom points\n  plantroom points "booster/*"\n  plantroom points --json')
    .action((pattern: string | undefined, _options: unknown, command: Command) =>
      listPoints(context, pattern, command.optsWithGlobals()),
    );
}

async function listPoints(context: CliContext, pattern: string | undefined, options: GlobalOptions): Promise<void> {
  const client = await findDaemon(context, options);
  const points = await client.points(pattern);
  if (points.length === 0 && pattern !== undefined) throw noMatch(pattern);
  if (options.json) printJson(context, { points });
  else printLines(context, renderPoints(points, widthOf(context.out), styleFor(context.out, context.env)));
}

export function noMatch(pattern: string): PlantroomError {
  return new PlantroomError(`no point matches ${JSON.stringify(pattern)}`, {
    kind: 'not-found',
    hint: 'list all points with: plantroom points; a * stands for any text, as in "booster/*"',
  });
}

const columns: readonly Column[] = [
  { title: 'POINT', minWidth: 12 },
  { title: 'VALUE', align: 'right' },
  { title: 'UNIT' },
  { title: 'QUALITY' },
  { title: 'AGE', align: 'right' },
  { title: 'ALARMS', minWidth: 6 },
  { title: 'NAME', minWidth: 8 },
];

export function renderPoints(points: readonly PointView[], width: number | undefined, style: Style): string[] {
  if (points.length === 0) return ['The site has no points.'];
  const rows = points.map(point => [
    point.key,
    { text: formatValue(point), paint: point.quality === 'good' ? style.plain : style.faint },
    point.unit,
    { text: point.quality, paint: paintForQuality(point.quality, style) },
    formatAgeOr(point.ageMs),
    { text: point.alarms.map(shortAlarm).join(' '), paint: style.bad },
    point.name,
  ]);
  return renderTable(columns, rows, width, style);
}

/** An alarm of the point's own device needs no device in front. */
function shortAlarm(alarm: string): string {
  return alarm.slice(alarm.indexOf('/') + 1);
}
