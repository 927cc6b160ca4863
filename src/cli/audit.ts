import type { Command } from 'commander';
import { PlantroomError } from '../base/errors.ts';
import type { AuditReader } from '../store/audit-reader.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { type GlobalOptions, wholeNumber } from './options.ts';
import { printJson, printLines } from './output.ts';
import { findStore } from './places.ts';
import type { Style } from './render/style.ts';
import { type Column, renderTable } from './render/table.ts';
import { formatTime } from './render/time.ts';
import { countOf } from './render/words.ts';

const usualEntries = 50;
const mostEntries = 100_000;

interface AuditOptions extends GlobalOptions {
  readonly limit: number;
  readonly verify?: boolean;
  readonly noted?: string;
  readonly data?: string;
}

export function registerAudit(program: Command, context: CliContext): void {
  program
    .command('audit')
    .summary('list who had what done, and check the list')
    .description(
      'Lists commands that came from a platform, what was done with sirens and beacons, and changes of the configuration and the clock, newest first. Each entry carries a sum over itself and the one before: --verify follows them, and finds what was changed, removed or added afterwards.',
    )
    .option('--limit <n>', 'so many entries at most', wholeNumber('--limit', 1, mostEntries), usualEntries)
    .option('--verify', 'follow the sums from the first entry to the last')
    .option('--noted <hash>', 'with --verify: a hash that was noted earlier must be among them still')
    .option('--data <folder>', 'the folder of the store (default: that of the daemon that runs)')
    .addHelpText(
      'after',
      '\nWhoever can write the database can forge a whole list; but not one that holds a hash that you have noted elsewhere.\n\nExamples:\n  plantroom audit\n  plantroom audit --verify\n  plantroom audit --verify --noted 9f86d081884c7d65… --data /var/lib/plantroom',
    )
    .action((_options: unknown, command: Command) => audit(context, command.optsWithGlobals()));
}

async function audit(context: CliContext, options: AuditOptions): Promise<void> {
  if (options.noted !== undefined && !options.verify) {
    throw new PlantroomError('--noted goes with --verify', { kind: 'usage', hint: 'add --verify' });
  }
  const { folder } = await findStore(context, options);
  const { openAuditReader } = await import('../store/audit-reader.ts');
  const reader = openAuditReader(folder);
  try {
    if (options.verify) verify(context, options, reader);
    else list(context, options, reader);
  } finally {
    reader.close();
  }
}

interface EntryView {
  readonly number: number;
  /** Ms since 1970. */
  readonly at: number;
  readonly kind: string;
  readonly who: string;
  /** As it was written; a text where it was cut off. */
  readonly body: unknown;
  readonly hash: string;
}

function list(context: CliContext, options: AuditOptions, reader: AuditReader): void {
  const entries = reader
    .read(options.limit)
    .map(
      ({ number, at, kind, who, body, hash }): EntryView => ({ number, at, kind, who, body: parseBody(body), hash }),
    );
  if (options.json) {
    printJson(context, { total: reader.count(), entries });
    return;
  }
  printLines(context, renderAudit(entries, widthOf(context.out), styleFor(context.out, context.env)));
}

function verify(context: CliContext, { noted, json }: AuditOptions, reader: AuditReader): void {
  const verdict = reader.verify();
  const isNotedThere = noted === undefined || reader.find(noted.toLowerCase()) !== undefined;
  if (json) printJson(context, { ...verdict, isNotedThere: noted === undefined ? null : isNotedThere });
  if (verdict.kind === 'broken') {
    throw new PlantroomError(`the audit is not as it was written: entry ${verdict.number} ${wasWords[verdict.what]}`, {
      kind: 'storage',
      hint: 'somebody has changed the database, or the disk has: keep a copy of it, and compare it with a backup',
    });
  }
  if (!isNotedThere) {
    throw new PlantroomError('the sums fit each other, but the noted hash is not among them', {
      kind: 'storage',
      hint: 'a whole list was forged, the entry was so old that it was removed, or the store was begun anew or restored',
    });
  }
  if (json) return;
  printLines(context, [
    `The audit is whole: ${countOf(verdict.entries, 'entry', 'entries')}.`,
    ...(verdict.entries === 0
      ? []
      : [`The newest has the hash ${verdict.hash}: noted elsewhere, it proves the list later.`]),
  ]);
}

const wasWords = { missing: 'is missing', changed: 'was changed', added: 'was added' } as const;

const columns: readonly Column[] = [
  { title: 'NO', align: 'right' },
  { title: 'TIME' },
  { title: 'WHO', minWidth: 8 },
  { title: 'WHAT' },
  { title: 'HOW', minWidth: 20 },
];

export function renderAudit(entries: readonly EntryView[], width: number | undefined, style: Style): string[] {
  if (entries.length === 0) return ['Nobody had anything done yet.'];
  const rows = entries.map(({ number, at, who, kind, body }) => [
    String(number),
    formatTime(at),
    who,
    kind,
    typeof body === 'string' ? body : JSON.stringify(body),
  ]);
  return renderTable(columns, rows, width, style);
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
