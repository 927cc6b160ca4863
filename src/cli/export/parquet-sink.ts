import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { PlantroomError } from '../../base/errors.ts';
import type { Column } from './columns.ts';
import type { Sink, WriteBytes } from './sink.ts';

/** Rows in one group: so many are in memory at a time. Readers skip whole groups by their times. */
const groupRows = 50_000;

const types = { text: 'STRING', number: 'DOUBLE', count: 'INT32', time: 'TIMESTAMP' } as const;

/**
 * Apache Parquet, packed by snappy. Times are UTC, in ms. A file without a row is not made: what the library writes then,
 * not every reader takes. `finish` throws PlantroomError `not-found` instead.
 */
export function createParquetSink<Row>(
  columns: readonly Column<Row>[],
  write: WriteBytes,
  createdBy: string,
  rowsInGroup: number = groupRows,
): Sink<Row> {
  const bytes = new ByteWriter();
  const schema = schemaFromColumnData({ columnData: columnDataOf(columns, []) });
  const file = new ParquetWriter({ writer: bytes, schema, createdBy });
  let rows: Row[] = [];

  /** The library only ever appends, so what it has made can go at once. */
  async function flush(): Promise<void> {
    // Copied: the library writes over its buffer while the disk still has to take it.
    const made = bytes.getBytes().slice();
    bytes.index = 0;
    await write(made);
  }

  async function writeGroup(group: readonly Row[]): Promise<void> {
    await file.write({ columnData: columnDataOf(columns, group), rowGroupSize: group.length });
    await flush();
  }

  return {
    async write(more) {
      for (const row of more) rows.push(row);
      while (rows.length >= rowsInGroup) {
        await writeGroup(rows.slice(0, rowsInGroup));
        rows = rows.slice(rowsInGroup);
      }
    },
    async finish() {
      if (rows.length > 0) await writeGroup(rows);
      rows = [];
      if (file.num_rows === 0n) throw nothingToWrite();
      await file.finish();
      await flush();
    },
  };
}

function columnDataOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]) {
  return columns.map(({ name, kind, of }) => ({
    name,
    type: types[kind],
    // Indexes of pages would be kept in memory up to the end of the file.
    offsetIndex: false,
    data: rows.map(row => {
      const value = of(row);
      if (value === undefined) return null;
      return kind === 'time' ? new Date(Number(value)) : value;
    }),
  }));
}

function nothingToWrite(): PlantroomError {
  return new PlantroomError('there is nothing of these points in that time', {
    kind: 'not-found',
    hint: 'look for what there is with --format csv, and a longer time from --from to --to',
  });
}
