import type { NumberedSummary } from '../../model/outbox.ts';

/** The encoded metrics of one row, one piece for each of its points. */
export type EncodeRow = (row: NumberedSummary) => readonly Uint8Array[];

/** Rows of one device whose metrics go out together: in one message, or in several where a single row is too long. */
export interface Bundle {
  readonly device: string;
  readonly numbers: readonly number[];
  readonly payloads: readonly Uint8Array[];
}

/** Bundles the rows device by device, keeping the order of each device's rows. A single point is never cut. */
export function bundleSummaries(
  rows: readonly NumberedSummary[],
  longestBytes: number,
  encodeRow: EncodeRow,
): readonly Bundle[] {
  return [...groupByDevice(rows)].flatMap(([device, own]) => bundleDevice(device, own, longestBytes, encodeRow));
}

function bundleDevice(
  device: string,
  rows: readonly NumberedSummary[],
  longestBytes: number,
  encodeRow: EncodeRow,
): readonly Bundle[] {
  const bundles: Bundle[] = [];
  let numbers: number[] = [];
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const close = () => {
    if (numbers.length > 0) bundles.push({ device, numbers, payloads: cut(pieces, longestBytes) });
    numbers = [];
    pieces = [];
    bytes = 0;
  };
  for (const row of rows) {
    const own = encodeRow(row);
    const ownBytes = lengthOf(own);
    if (bytes + ownBytes > longestBytes) close();
    numbers.push(row.number);
    pieces.push(...own);
    bytes += ownBytes;
  }
  close();
  return bundles;
}

function cut(pieces: readonly Uint8Array[], longestBytes: number): readonly Uint8Array[] {
  const payloads: Uint8Array[] = [];
  let open: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    if (open.length > 0 && bytes + piece.length > longestBytes) {
      payloads.push(Buffer.concat(open));
      open = [];
      bytes = 0;
    }
    open.push(piece);
    bytes += piece.length;
  }
  payloads.push(Buffer.concat(open));
  return payloads;
}

function groupByDevice(rows: readonly NumberedSummary[]): ReadonlyMap<string, readonly NumberedSummary[]> {
  return Map.groupBy(rows, ({ record }) => record.device);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
