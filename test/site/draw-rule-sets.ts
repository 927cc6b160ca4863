import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The rules of all classes as tables for docs/rule-sets.md. */

const folder = join(import.meta.dirname, '../../config/profiles/classes');

interface Point {
  readonly id: string;
  readonly unit?: string;
  readonly default?: string | number;
  readonly note?: string;
  readonly source?: string;
}

interface Alarm extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly priority: string;
  readonly source: string;
  readonly message: { readonly en: string };
}

interface ClassFile {
  readonly name: { readonly en: string; readonly zh: string };
  readonly source: readonly string[];
  readonly points: readonly Point[];
  readonly settings?: readonly Point[];
  readonly alarms: readonly Alarm[];
}

export function drawRuleSets(): string {
  return readdirSync(folder)
    .sort()
    .map(file => draw(file.replace('.yaml', ''), parse(readFileSync(join(folder, file), 'utf8')) as ClassFile))
    .join('\n\n');
}

function draw(id: string, { name, source, points, settings = [], alarms }: ClassFile): string {
  return [
    `### \`${id}\`: ${name.en}, ${name.zh}`,
    '',
    ...source.map(line => `- ${inCell(line)}`),
    '',
    `Points: ${points.map(withUnit).join(', ')}.`,
    ...(settings.length > 0 ? ['', `Numbers of the site: ${settings.map(withDefault).join('; ')}.`] : []),
    '',
    '| alarm | when | for | priority | source |',
    '|---|---|---|---|---|',
    ...alarms.map(drawAlarm),
  ].join('\n');
}

function withUnit({ id, unit }: Point): string {
  return unit === undefined ? `\`${id}\`` : `\`${id}\` (${unit})`;
}

function withDefault(point: Point): string {
  const { default: usual, note } = point;
  const what = usual === undefined ? 'no default' : `default ${usual}`;
  return inCell(`${withUnit(point)}, ${what}${note === undefined ? '' : `: ${note}`}`);
}

const notConditions: readonly string[] =
  'id point on-delay off-delay priority message source latching suppressed-by schedule inputs expression deadband acknowledge unless'.split(
    ' ',
  );

function drawAlarm(alarm: Alarm): string {
  const { id, priority, source } = alarm;
  const marks = [
    alarm.latching === 'yes' && 'latching',
    alarm['suppressed-by'] && `not while ${alarm['suppressed-by']}`,
    alarm.schedule && `only ${Object.values(alarm.schedule).join(' to ')}`,
  ];
  const delay = [alarm['on-delay'] ?? '', alarm['off-delay'] ? `off ${alarm['off-delay']}` : '']
    .filter(Boolean)
    .join(', ');
  const notes = marks.filter(Boolean).join(', ');
  const cells = [`\`${id}\``, `\`${conditionOf(alarm)}\``, delay, notes ? `${priority}, ${notes}` : priority, source];
  return `| ${cells.map(cell => inCell(String(cell))).join(' | ')} |`;
}

function conditionOf(alarm: Alarm): string {
  if (typeof alarm.expression === 'string') return `${alarm.expression} ${inline(alarm.inputs)}`;
  const [key, value] = Object.entries(alarm).find(([name]) => !notConditions.includes(name)) ?? ['', ''];
  return `${alarm.point} ${key}: ${inline(value)}`;
}

function inline(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .filter(([key]) => !key.endsWith('message'))
    .map(([key, inner]) => `${key}: ${inline(inner)}`)
    .join(', ')}}`;
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
