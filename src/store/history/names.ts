import { createSink, createSource, hasMore, putSigned, takeBytes, takeSigned } from '../../history/bytes.ts';
import type { SeriesName } from '../../history/frame.ts';
import type { Database } from '../database.ts';
import { namesOfLayout } from './layout.ts';

/** Numbers in the place of names that come with every row. */
export interface Names {
  /** Gives a new number to a name that is met for the first time. */
  device(name: string): number;
  series(names: readonly SeriesName[]): Uint8Array;
  /** The same for names that come as text, which are known again. */
  layout(text: string): { readonly names: readonly SeriesName[]; readonly series: Uint8Array };
}

/** Layouts that are known again. A device has one or two; beyond it all are forgotten and learned anew. */
const mostLayouts = 4_000;

export function createNames(database: Database): Names {
  const insertDevice = database.prepare('INSERT INTO device (name) VALUES (?)');
  const insertSeries = database.prepare('INSERT INTO series (point, unit) VALUES (?, ?)');
  const devices = new Map(Array.from(readDevices(database), ([id, name]) => [name, id]));
  const series = new Map(Array.from(readSeries(database), ([id, name]) => [keyOf(name), id]));

  const layouts = new Map<string, ReturnType<Names['layout']>>();

  function seriesId(name: SeriesName): number {
    const key = keyOf(name);
    const known = series.get(key);
    if (known !== undefined) return known;
    const id = Number(insertSeries.run(name.point, name.unit).lastInsertRowid);
    series.set(key, id);
    return id;
  }

  return {
    device(name) {
      const known = devices.get(name);
      if (known !== undefined) return known;
      const id = Number(insertDevice.run(name).lastInsertRowid);
      devices.set(name, id);
      return id;
    },
    series: names => encodeIds(names.map(seriesId)),
    layout(text) {
      const known = layouts.get(text);
      if (known) return known;
      const names = namesOfLayout(text);
      const made = { names, series: encodeIds(names.map(seriesId)) };
      if (layouts.size >= mostLayouts) layouts.clear();
      layouts.set(text, made);
      return made;
    },
  };
}

/** Keys and units have no line breaks. */
function keyOf({ point, unit }: SeriesName): string {
  return `${point}\n${unit}`;
}

export function readDevices(database: Database): Map<number, string> {
  const rows = database.prepare<[], { id: number; name: string }>('SELECT id, name FROM device').all();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export function readSeries(database: Database, after = 0): Map<number, SeriesName> {
  const rows = database
    .prepare<[number], { id: number; point: string; unit: string }>('SELECT * FROM series WHERE id > ? ORDER BY id')
    .all(after);
  return new Map(rows.map(({ id, point, unit }) => [id, { point, unit }]));
}

function encodeIds(ids: readonly number[]): Uint8Array {
  const sink = createSink(ids.length + 16);
  let before = 0;
  for (const id of ids) {
    putSigned(sink, id - before);
    before = id;
  }
  return takeBytes(sink);
}

export function decodeIds(bytes: Uint8Array): number[] {
  const source = createSource(bytes);
  const ids: number[] = [];
  let id = 0;
  while (hasMore(source)) {
    id += takeSigned(source);
    ids.push(id);
  }
  return ids;
}
