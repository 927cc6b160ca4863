/*
 * Invoke ids of one peer: 1 to 255 (0 is avoided, since some devices treat it as none). They go round, so that an id is
 * used again as late as can be; one of which an answer may still come rests.
 */

export interface InvokeIds {
  last: number;
  /** When each id that is not free will be; infinity while it is in use. */
  readonly freeAtMono: Map<number, number>;
}

const mostIds = 255;

/** @param first 1 to 255: by chance, so that answers to a process that was here before find nobody */
export function createInvokeIds(first: number): InvokeIds {
  return { last: first, freeAtMono: new Map() };
}

/** The next free id, now in use; undefined when none is free. */
export function takeInvokeId(ids: InvokeIds, nowMono: number): number | undefined {
  for (let tried = 0; tried < mostIds; tried += 1) {
    ids.last = (ids.last % mostIds) + 1;
    const freeAtMono = ids.freeAtMono.get(ids.last);
    if (freeAtMono !== undefined && freeAtMono > nowMono) continue;
    ids.freeAtMono.set(ids.last, Number.POSITIVE_INFINITY);
    return ids.last;
  }
  return undefined;
}

/** @param freeAtMono from when on it may be used again */
export function giveBackInvokeId(ids: InvokeIds, id: number, freeAtMono: number, nowMono: number): void {
  if (freeAtMono <= nowMono) ids.freeAtMono.delete(id);
  else ids.freeAtMono.set(id, freeAtMono);
}

/** Whether nothing is in use and nothing rests: then there is nothing to remember. */
export function isUnused(ids: InvokeIds, nowMono: number): boolean {
  for (const [id, freeAtMono] of ids.freeAtMono) {
    if (freeAtMono > nowMono) return false;
    ids.freeAtMono.delete(id);
  }
  return true;
}
