/**
 * Ids that have arrived. Those that end in a number, which nearly all do, take no room each: their numbers are kept as
 * spans, so that a gateway's million events are one.
 */
export interface SeenIds {
  /** Sorted and apart, by what stands before the number. */
  readonly numbered: Map<string, NumberSpan[]>;
  readonly others: Set<string>;
  readonly most: number;
  spans: number;
}

interface NumberSpan {
  from: number;
  to: number;
}

/** `most`: spans and other ids kept, each. Beyond it the oldest are forgotten, and a duplicate of them is taken for new. */
export function createSeenIds(most: number): SeenIds {
  return { numbered: new Map(), others: new Set(), most, spans: 0 };
}

export function hasSeen(seen: SeenIds, id: string): boolean {
  const parts = splitNumber(id);
  if (parts === undefined) return seen.others.has(id);
  const spans = seen.numbered.get(parts.head) ?? [];
  return (spans[spanBefore(spans, parts.number)]?.to ?? -1) >= parts.number;
}

export function noteSeen(seen: SeenIds, id: string): void {
  const parts = splitNumber(id);
  if (parts === undefined) {
    seen.others.add(id);
    forgetOldest(seen.others, seen.most);
    return;
  }
  const { head, number } = parts;
  const spans = seen.numbered.get(head) ?? [];
  seen.spans -= spans.length;
  addNumber(spans, number);
  seen.spans += spans.length;
  // What was used last stands last.
  seen.numbered.delete(head);
  seen.numbered.set(head, spans);
  if (seen.spans > seen.most) forgetSpans(seen);
}

/** The number at the end, where writing it again gives the same text. */
function splitNumber(id: string): { readonly head: string; readonly number: number } | undefined {
  const match = /^(.*[^\d])(0|[1-9]\d{0,14})$/s.exec(id);
  return match?.[1] === undefined ? undefined : { head: match[1], number: Number(match[2]) };
}

function addNumber(spans: NumberSpan[], number: number): void {
  const place = spanBefore(spans, number);
  const [before, next] = [spans[place], spans[place + 1]];
  if (before && before.to >= number) return;
  const joinsNext = next?.from === number + 1;
  if (before?.to === number - 1) {
    before.to = joinsNext ? next.to : number;
    if (joinsNext) spans.splice(place + 1, 1);
  } else if (joinsNext) next.from = number;
  else spans.splice(place + 1, 0, { from: number, to: number });
}

/** Index of the last span that begins at or before the number; -1 when there is none. */
function spanBefore(spans: readonly NumberSpan[], number: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle]?.from ?? 0) <= number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function forgetOldest(ids: Set<string>, most: number): void {
  for (const id of ids) {
    if (ids.size <= most) return;
    ids.delete(id);
  }
}

/** The lowest numbers of what was not used for the longest time. */
function forgetSpans(seen: SeenIds): void {
  for (const [head, spans] of seen.numbered) {
    const surplus = seen.spans - seen.most;
    if (surplus <= 0) return;
    const gone = Math.min(surplus, spans.length);
    seen.spans -= gone;
    spans.splice(0, gone);
    if (spans.length === 0) seen.numbered.delete(head);
  }
}
