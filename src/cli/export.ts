import { resolve } from 'node:path';
import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import { matchesPoint } from '../model/glob.ts';
import { summarySpans } from '../model/summary.ts';
import type { HistoryReader } from '../store/history/reader.ts';
import type { CliContext } from './context.ts';
import { orDiskRefusal } from './disk-refusal.ts';
import { type Column, rawColumns, summaryColumns } from './export/columns.ts';
import { type ExportPage, rawPages, summaryPages, type Wanted } from './export/pages.ts';
import type { Sink } from './export/sink.ts';
import { fileTarget, streamTarget, type Target } from './export/target.ts';
import { createCsvSink, createJsonSink } from './export/text-sink.ts';
import { formatLocal, formatUtc } from './export/time-text.ts';
import { type GlobalOptions, oneOf } from './options.ts';
import { printJson } from './output.ts';
import { findStore } from './places.ts';
import { createProgressBar, type ProgressBar } from './render/progress-bar.ts';
import { escapeText } from './render/text.ts';
import { countOf } from './render/words.ts';
import { stoppable } from './signals.ts';
import { timeOf } from './time-option.ts';

const spans = ['raw', ...summarySpans] as const;
const formats = ['csv', 'jsonl', 'parquet'] as const;

interface ExportOptions extends GlobalOptions {
  readonly points?: string;
  readonly from?: string;
  readonly to?: string;
  readonly span: (typeof spans)[number];
  readonly format?: (typeof formats)[number];
  readonly out?: string;
  readonly local?: boolean;
  readonly data?: string;
}

export function registerExport(program: Command, context: CliContext): void {
  program
    .command('export')
    .summary('write the history as CSV, Parquet or JSON lines')
    .description(
      'Writes raw values or summaries from the history, while the daemon runs or not. Times are in UTC, as RFC 3339. Rows come in the order in which they were stored, which is that of time for each point.',
    )
    .option('--points <pattern>', 'only these points, for example "booster/*" (default: all)')
    .option(
      '--from <time>',
      'from then on: 2026-01-31, 2026-01-31T14:05, or 2d for two days ago (default: the beginning)',
    )
    .option('--to <time>', 'up to then, as --from (default: now)')
    .option('--span <span>', spans.join(', '), oneOf('--span', spans), '15min')
    .option(
      '--format <format>',
      'csv, jsonl or parquet (default: by the name of the file, else csv)',
      oneOf('--format', formats),
    )
    .option('--out <file>', 'a new file (default: standard output)')
    .option('--local', 'times with the offset of this machine instead of UTC')
    .option('--data <folder>', 'the folder of the store (default: that of the daemon that runs)')
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom export --points "booster/*" --from 7d > booster.csv\n  plantroom export --span raw --from 2026-01-31 --to 2026-02-01 --out january-31.parquet\n  plantroom export --span 1day --format jsonl --data /var/lib/plantroom | jq .mean',
    )
    .action((_options: unknown, command: Command) => exportHistory(context, command.optsWithGlobals()));
}

async function exportHistory(context: CliContext, options: ExportOptions): Promise<void> {
  const format = checkOptions(options);
  const nowMs = context.clock.wallMs();
  const from = timeOf('--from', options.from, nowMs) ?? 0;
  const to = timeOf('--to', options.to, nowMs) ?? nowMs;
  if (from >= to) throw wrong('--from is not before --to', 'a time without an offset is of this machine');
  const { folder } = await findStore(context, options);
  const { openHistoryReader } = await import('../store/history/reader.ts');
  const reader = openHistoryReader(folder);
  try {
    const points = pointsOf(reader, options.points);
    const done = await stoppable(context, signal =>
      orDiskRefusal('the export', () => writeAll(context, options, format, reader, { points, from, to }, signal)),
    );
    tell(context, options, done);
  } finally {
    reader.close();
  }
}

interface Done {
  readonly rows: number;
  /** Rows of the file that could not be read. */
  readonly damaged: number;
}

async function writeAll(
  context: CliContext,
  options: ExportOptions,
  format: (typeof formats)[number],
  reader: HistoryReader,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Done> {
  const target =
    options.out === undefined ? streamTarget(context.out) : await fileTarget(resolve(context.cwd, options.out));
  const bar = createProgressBar(context);
  const total = reader.countRows(options.span, wanted.from, wanted.to);
  const job = { context, options, format, target, bar, total, signal };
  try {
    const done =
      options.span === 'raw'
        ? await writePages(job, rawColumns, rawPages(reader, wanted))
        : await writePages(job, summaryColumns, summaryPages(reader, options.span, wanted));
    await target.finish();
    return done;
  } catch (thrown) {
    await target.drop();
    throw thrown;
  } finally {
    bar.clear();
  }
}

interface Job {
  readonly context: CliContext;
  readonly options: ExportOptions;
  readonly format: (typeof formats)[number];
  readonly target: Target;
  readonly bar: ProgressBar;
  /** Rows of the file, about. */
  readonly total: number;
  readonly signal: AbortSignal;
}

async function writePages<Row>(
  job: Job,
  columns: readonly Column<Row>[],
  pages: Iterable<ExportPage<Row>>,
): Promise<Done> {
  const { context, bar, total, signal } = job;
  const sink = await openSink(job, columns);
  let [rows, damaged, scanned] = [0, 0, 0];
  for (const page of pages) {
    await sink.write(page.rows);
    rows += page.rows.length;
    damaged += page.damaged;
    scanned += page.scanned;
    bar.show(countOf(rows, 'row'), Math.min(scanned, total), total);
    // Reading blocks: signals are heard in between.
    await context.clock.sleep(0);
    signal.throwIfAborted();
  }
  await sink.finish();
  return { rows, damaged };
}

/** The library for Parquet is only loaded where it is asked for. */
async function openSink<Row>(
  { context, options, format, target }: Job,
  columns: readonly Column<Row>[],
): Promise<Sink<Row>> {
  const time = options.local ? formatLocal : formatUtc;
  switch (format) {
    case 'csv':
      return createCsvSink(columns, target.write, time);
    case 'jsonl':
      return createJsonSink(columns, target.write, time);
    case 'parquet': {
      const { createParquetSink } = await import('./export/parquet-sink.ts');
      return createParquetSink(columns, target.write, `plantroom ${context.version}`);
    }
  }
}

function tell(context: CliContext, options: ExportOptions, { rows, damaged }: Done): void {
  const { out, err } = context;
  if (options.out !== undefined && options.json) printJson(context, { file: options.out, rows, damaged });
  else if (options.out !== undefined) out.write(`${countOf(rows, 'row')} in ${escapeText(options.out)}\n`);
  // Standard output has the rows.
  else if (err.isTTY) err.write(`${countOf(rows, 'row')}\n`);
  if (damaged > 0) err.write(`warning: ${countOf(damaged, 'stretch', 'stretches')} of the history could not be read\n`);
}

function pointsOf(reader: HistoryReader, pattern: string | undefined): readonly string[] | undefined {
  if (pattern === undefined) return undefined;
  const keys = [...new Set(reader.points().map(({ point }) => point))].filter(key => matchesPoint(key, pattern));
  if (keys.length > 0) return keys;
  throw new PlantroomError(`no point in the history matches ${JSON.stringify(pattern)}`, {
    kind: 'not-found',
    hint: 'points are named device/point; put a pattern into quotes, or the shell replaces the *',
  });
}

function checkOptions({ format, out, local, json }: ExportOptions): (typeof formats)[number] {
  const ending = formats.find(known => out?.endsWith(`.${known}`));
  const chosen = format ?? ending ?? 'csv';
  if (chosen === 'parquet' && out === undefined) throw wrong('Parquet goes to a file only', 'give --out FILE');
  if (chosen === 'parquet' && local)
    throw wrong('--local has no meaning for Parquet', 'its times are instants, shown as the reader likes');
  if (json && out === undefined)
    throw wrong('--json tells what was written to a file', 'give --out FILE; for rows as JSON: --format jsonl');
  return chosen;
}

function wrong(message: string, hint: string): PlantroomError {
  return new PlantroomError(message, { kind: 'usage', hint });
}
