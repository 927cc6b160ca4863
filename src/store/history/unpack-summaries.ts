import type { SeriesName } from '../../history/frame.ts';
import { decodeSummaries, withoutSamples } from '../../history/summary-frame.ts';
import type { NumberedSummary } from '../../model/outbox.ts';
import type { Summary, SummarySpan } from '../../model/summary.ts';
import type { PackedSummaries } from './messages.ts';

export function unpackSummaries({ rows, layouts }: PackedSummaries, span: SummarySpan): NumberedSummary[] {
  return rows.map(({ number, id, device, windowStart, windowEnd, clock, layout, body }) => {
    const points = tryDecode(body, layouts[layout] ?? []);
    return { number, record: { id, device, span, windowStart, windowEnd, clock, points } };
  });
}

/** One that is damaged has no points: it must not hold up those behind it. */
function tryDecode(body: Uint8Array, names: readonly SeriesName[]): Summary[] {
  try {
    return decodeSummaries(body, names).map(withoutSamples);
  } catch {
    return [];
  }
}
