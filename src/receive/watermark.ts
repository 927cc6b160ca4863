/**
 * How far the alarm events of one gateway have arrived without a gap. Pure.
 *
 * Numbers rise by one over the life of a gateway, also when its store takes a new id: after an unclean end, after a
 * restore, or because it was begun anew. The new store may then give numbers again that the old one had given to events
 * that are gone. So the first event of a new store settles what all higher numbers of older stores are worth: nothing.
 */
export interface Watermark {
  /** All events up to this number have arrived … */
  readonly upTo: number;
  /** … and this store gave it. */
  readonly upToStore: string;
  /** The store that events come from now, the lowest number seen of it, and the stores before it, oldest first. */
  readonly store: string;
  readonly bornAt: number;
  readonly pastStores: readonly string[];
  /** What arrived beyond a gap, in order. Spans of different stores are never merged. */
  readonly ahead: readonly Span[];
}

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly store: string;
}

export interface EventName {
  readonly store: string;
  readonly number: number;
}

/** Beyond it an event is stored but not counted here. It comes again, since it is not confirmed, and is counted then. */
export const mostSpans = 1_000;

/** Beyond it the oldest is forgotten; an event of it would be taken for one of a new store. */
const mostPastStores = 50;

/** `<store id>-<number>`; undefined for anything else. */
export function parseEventId(id: string): EventName | undefined {
  const match = /^(.+)-([1-9]\d{0,15})$/.exec(id);
  const number = Number(match?.[2]);
  return match?.[1] !== undefined && Number.isSafeInteger(number) ? { store: match[1], number } : undefined;
}

/** Takes in one event, be it new or a duplicate. */
export function advance(mark: Watermark | undefined, event: EventName): Watermark {
  if (mark === undefined) return begin(event, []);
  if (event.store === mark.store) return take({ ...mark, bornAt: Math.min(mark.bornAt, event.number) }, event);
  if (mark.pastStores.includes(event.store)) return event.number < mark.bornAt ? take(mark, event) : mark;
  return succeed(mark, event);
}

/** The id to confirm. */
export function confirmedId({ upTo, upToStore }: Watermark): string {
  return `${upToStore}-${upTo}`;
}

/** The numbers that are missing, as spans from a to b. */
export function gapsOf({ upTo, ahead }: Watermark): readonly { readonly from: number; readonly to: number }[] {
  let last = upTo;
  return ahead.flatMap(({ from, to }) => {
    const gap = { from: last + 1, to: from - 1 };
    last = to;
    return gap.from <= gap.to ? [gap] : [];
  });
}

/** As if all that is missing had arrived: a person has decided that it is lost. */
export function giveUpGaps(mark: Watermark): Watermark {
  const last = mark.ahead.at(-1);
  return last === undefined ? mark : { ...mark, upTo: last.to, upToStore: last.store, ahead: [] };
}

function begin({ store, number }: EventName, pastStores: readonly string[]): Watermark {
  return { upTo: number, upToStore: store, store, bornAt: number, pastStores, ahead: [] };
}

/** The first event of a new store. */
function succeed(mark: Watermark, event: EventName): Watermark {
  const pastStores = [...mark.pastStores, mark.store].slice(-mostPastStores);
  if (event.number <= mark.upTo + 1) return begin(event, pastStores);
  const ahead = mark.ahead.flatMap(span =>
    span.from < event.number ? [{ ...span, to: Math.min(span.to, event.number - 1) }] : [],
  );
  return take({ ...mark, store: event.store, bornAt: event.number, pastStores, ahead }, event);
}

function take(mark: Watermark, { store, number }: EventName): Watermark {
  if (number <= mark.upTo) return mark;
  if (number === mark.upTo + 1) return absorb({ ...mark, upTo: number, upToStore: store });
  const ahead = insert(mark.ahead, { from: number, to: number, store });
  return ahead.length > mostSpans ? mark : { ...mark, ahead };
}

/** Moves over the spans that a closed gap has brought within reach. */
function absorb(mark: Watermark): Watermark {
  let { upTo, upToStore } = mark;
  const rest = mark.ahead.filter(span => {
    if (span.from > upTo + 1) return true;
    if (span.to > upTo) [upTo, upToStore] = [span.to, span.store];
    return false;
  });
  return { ...mark, upTo, upToStore, ahead: rest };
}

function insert(spans: readonly Span[], one: Span): readonly Span[] {
  if (spans.some(({ from, to }) => from <= one.from && one.from <= to)) return spans;
  const after = spans.findIndex(({ from }) => from > one.from);
  const place = after === -1 ? spans.length : after;
  const [before, next] = [spans[place - 1], spans[place]];
  const joinsBefore = before?.to === one.from - 1 && before.store === one.store;
  const joinsNext = next?.from === one.to + 1 && next.store === one.store;
  const joined = {
    from: joinsBefore ? before.from : one.from,
    to: joinsNext ? next.to : one.to,
    store: one.store,
  };
  return spans.toSpliced(place - Number(joinsBefore), Number(joinsBefore) + Number(joinsNext), joined);
}
