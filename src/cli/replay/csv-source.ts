import { createReadStream, statSync } from 'node:fs';
import { messageOf, PlantroomError } from '../../base/errors.ts';
import type { Point } from '../../model/point.ts';
import { createMinuteBuffer, minuteMs } from '../../replay/minutes.ts';
import { codeOfQuality } from '../../replay/records.ts';
import { type CsvProblem, type CsvValue, type ReadRow, readHead } from './csv-layout.ts';
import { splitCsvLine } from './csv-line.ts';
import { createSeriesFinder, nothingFound, type Source } from './source.ts';

/**
 * So many values wait for earlier ones, some 21 MB: rows may come in the order in which they were stored. Beyond it the
 * oldest minute is taken as complete, and what still comes of it is left out and counted.
 */
const mostWaiting = 1_000_000;

/** A longer line is no line of a table: it is refused rather than kept in memory. */
const longestLine = 1_000_000;

export interface CsvOptions {
  /** As the person gave it, for messages. */
  readonly name: string;
  readonly path: string;
  readonly points: readonly Point[];
  /** Wall ms; undefined for all that the file has. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** For tests. */
  readonly mostWaiting?: number;
}

/** Values from a file, read as it is replayed. Steps throw PlantroomError `usage` for a line that is wrong. */
export function csvSource({ name, path, points, from, to, ...limits }: CsvOptions): Source {
  const found = nothingFound();
  const find = createSeriesFinder(points, found);
  const most = limits.mostWaiting ?? mostWaiting;
  const buffer = createMinuteBuffer(from);
  let readRow: ReadRow | undefined;
  let lineNumber = 0;

  function wrong({ column, message, hint }: CsvProblem): PlantroomError {
    return new PlantroomError(`${name}:${lineNumber}:${column}: ${message}`, { kind: 'usage', hint });
  }

  function take({ key, unit, at, value, quality }: CsvValue): void {
    if ((from !== undefined && at < from) || (to !== undefined && at >= to)) return;
    const series = find(key, unit);
    if (!series) return;
    const converted = series.convert ? series.convert(value) : value;
    if (buffer.add(series.place, Math.round(at), converted, codeOfQuality(quality))) found.note(at);
    else found.late += 1;
  }

  function readLine(line: string): void {
    lineNumber += 1;
    if (line === '') return;
    const fields = splitCsvLine(line);
    if ('what' in fields) throw wrong({ column: fields.column, message: fields.what, hint: 'write it as in RFC 4180' });
    if (readRow) {
      const problem = readRow(fields, take);
      if (problem) throw wrong(problem);
      return;
    }
    const head = readHead(fields);
    if (typeof head !== 'function') throw wrong(head);
    readRow = head;
  }

  return {
    found,
    async *steps() {
      const total = sizeOf(name, path);
      let done = 0;
      for await (const lines of linesOf(name, path)) {
        for (const line of lines.lines) readLine(line);
        done += lines.bytes;
        while (buffer.waiting > most && buffer.firstAt !== undefined)
          yield { minutes: buffer.takeBefore(buffer.firstAt + minuteMs), done, total };
        yield { minutes: [], done, total };
      }
      if (!readRow) throw wrong({ column: 1, message: 'the file is empty', hint: 'begin with point,time,value' });
      yield { minutes: buffer.takeBefore(to ?? buffer.endAt), done: total, total };
    },
  };
}

function sizeOf(name: string, path: string): number {
  try {
    return statSync(path).size;
  } catch (thrown) {
    throw unreadable(name, thrown);
  }
}

/** The lines of each piece of the file that was read. */
async function* linesOf(name: string, path: string): AsyncGenerator<{ lines: readonly string[]; bytes: number }> {
  const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1_024 });
  let rest = '';
  let isFirst = true;
  try {
    for await (const piece of stream as AsyncIterable<string>) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestLine)
        throw new PlantroomError(`${name} has a line of more than ${longestLine} characters`, {
          kind: 'usage',
          hint: 'this is no CSV of values',
        });
      // Spreadsheets write a mark in front of the first line.
      if (isFirst && lines[0]?.startsWith('\ufeff')) lines[0] = lines[0].slice(1);
      isFirst = isFirst && lines.length === 0;
      yield { lines: lines.map(withoutReturn), bytes: Buffer.byteLength(piece) };
    }
  } catch (thrown) {
    throw unreadable(name, thrown);
  }
  if (rest !== '') yield { lines: [withoutReturn(rest)], bytes: 0 };
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function unreadable(name: string, thrown: unknown): PlantroomError {
  if (thrown instanceof PlantroomError) return thrown;
  return new PlantroomError(`${name} cannot be read: ${messageOf(thrown)}`, {
    kind: 'not-found',
    hint: 'name a file with values: plantroom export --span raw writes one',
    cause: thrown,
  });
}
