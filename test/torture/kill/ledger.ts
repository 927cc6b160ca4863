/** An alarm event as the platform has received it. */
export interface Arrived {
  readonly id: string;
  readonly number: number;
}

/** An alarm event as the gateway's database holds it. */
export interface Stored {
  readonly id: string;
  readonly number: number;
}

export interface Judgement {
  readonly arrived: number;
  /** Arrivals of an id that had come before. */
  readonly duplicates: number;
  readonly violations: readonly string[];
}

/** So many of one kind are enough to see what it is. */
const mostTold = 10;

/**
 * Holds what arrived against what is stored at the end and what was seen to be committed on the way: every number from 1
 * to the last is stored once and arrived once under one id, in order, and repetitions have the id of the first.
 */
export function judgeLedger(
  arrived: readonly Arrived[],
  stored: readonly Stored[],
  accepted: ReadonlyMap<number, string>,
): Judgement {
  const storedIds = new Map(stored.map(({ number, id }) => [number, id]));
  const seen = new Map<string, number>();
  const disorder: string[] = [];
  let duplicates = 0;
  let highest = 0;
  for (const { id, number } of arrived) {
    if (seen.has(id)) {
      duplicates += 1;
      continue;
    }
    seen.set(id, number);
    if (number <= highest) disorder.push(`event ${number} (${id}) arrived after event ${highest}`);
    highest = Math.max(highest, number);
  }
  const last = stored.reduce((most, { number }) => Math.max(most, number), 0);
  const gaps = Array.from({ length: last }, (_, index) => index + 1).filter(number => !storedIds.has(number));
  return {
    arrived: seen.size,
    duplicates,
    violations: [
      ...told(disorder),
      ...told(gaps.map(number => `event ${number} is not in the database, which goes to ${last}`)),
      ...told(
        [...accepted]
          .filter(([number, id]) => storedIds.get(number) !== id)
          .map(([number, id]) => `event ${number} (${id}) was accepted and is now ${storedIds.get(number) ?? 'gone'}`),
      ),
      ...told(
        stored.filter(({ id }) => !seen.has(id)).map(({ number, id }) => `event ${number} (${id}) never arrived`),
      ),
      ...told(
        [...seen]
          .filter(([id, number]) => storedIds.get(number) !== id)
          .map(
            ([id, number]) => `event ${number} (${id}) arrived and is stored as ${storedIds.get(number) ?? 'nothing'}`,
          ),
      ),
    ],
  };
}

function told(violations: readonly string[]): readonly string[] {
  const rest = violations.length - mostTold;
  return rest > 0 ? [...violations.slice(0, mostTold), `… and ${rest} more like that`] : violations;
}
