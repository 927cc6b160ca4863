/**
 * Makes every text that occurs more than once in plain data the same string, in place. What comes out of another thread
 * has a string of its own for each mention: ten thousand points bring `holding-register` ten thousand times, and several
 * megabytes with it, for the life of the gateway.
 */
export function shareTexts(root: object): void {
  const texts = new Map<string, string>();
  const seen = new Set<object>();
  const waiting: object[] = [root];
  const shared = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const first = texts.get(value);
      if (first === undefined) texts.set(value, value);
      return first ?? value;
    }
    if (typeof value === 'object' && value !== null && !seen.has(value)) {
      seen.add(value);
      waiting.push(value);
    }
    return value;
  };
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next instanceof Map) for (const [key, value] of next) next.set(key, shared(value));
    else shareMembers(next as Record<string, unknown>, shared);
  }
}

function shareMembers(record: Record<string, unknown>, shared: (value: unknown) => unknown): void {
  for (const key of Object.keys(record)) {
    const value = record[key];
    const same = shared(value);
    if (typeof value === 'string') record[key] = same;
  }
}
