/** What stands for a part, and a name that everything has that says the same, and nothing else. */
interface Shared {
  readonly part: unknown;
  readonly name: string;
}

/**
 * Makes every text that occurs more than once in plain data the same string, and likewise objects and lists that say the
 * same, in place. What comes out of another thread has its own for each mention: ten thousand points bring
 * `holding-register` ten thousand times, two hundred devices of one profile the same fifty addresses each, and with them
 * several megabytes, for the life of the gateway. Nothing may change it afterwards.
 */
export function shareParts(root: object): void {
  const texts = new Map<string, Shared>();
  const objects = new Map<string, Shared>();
  /** Undefined for what is like nothing else: a map, and what points back to itself. */
  const seen = new Map<object, Shared | undefined>();

  function share(part: unknown): Shared | undefined {
    if (typeof part === 'string') return takeFirst(texts, part, part, JSON.stringify);
    if (typeof part !== 'object' || part === null) return { part, name: nameOfValue(part) };
    if (!seen.has(part)) {
      seen.set(part, undefined);
      seen.set(part, shareObject(part));
    }
    return seen.get(part);
  }

  function shareObject(part: object): Shared | undefined {
    if (part instanceof Map) {
      for (const [key, member] of part) part.set(key, share(member)?.part ?? member);
      return undefined;
    }
    const description = shareMembers(part as Record<string, unknown>);
    const kind = kindOf(part);
    if (description === undefined || kind === undefined) return undefined;
    return takeFirst(objects, kind + description, part, () => `#${objects.size}`);
  }

  /** Undefined where one of them is like nothing else. */
  function shareMembers(record: Record<string, unknown>): string | undefined {
    const names: string[] = [];
    let isAlone = false;
    for (const key of Object.keys(record)) {
      const member = record[key];
      const shared = share(member);
      if (!shared) {
        isAlone = true;
        continue;
      }
      // A number that is written anew would take memory anew.
      if (typeof member === 'string' || typeof member === 'object') record[key] = shared.part;
      names.push(`${JSON.stringify(key)}:${shared.name}`);
    }
    return isAlone ? undefined : names.join();
  }

  share(root);
}

function takeFirst(
  known: Map<string, Shared>,
  description: string,
  part: unknown,
  nameOf: (description: string) => string,
): Shared {
  const first = known.get(description);
  if (first) return first;
  const made = { part, name: nameOf(description) };
  known.set(description, made);
  return made;
}

function nameOfValue(value: unknown): string {
  return Object.is(value, -0) ? '-0' : `${typeof value} ${value}`;
}

function kindOf(part: object): string | undefined {
  if (Array.isArray(part)) return `${part.length} of `;
  return Object.getPrototypeOf(part) === Object.prototype ? '' : undefined;
}
