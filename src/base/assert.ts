/** Assertions for bugs of ours. What a device, a file or a person can get wrong is never asserted: it is handled. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`plantroom has a bug: ${message}`);
}

/** Ends a switch over a union: a new member of the union fails to compile here. */
export function unreachable(value: never): never {
  throw new Error(`plantroom has a bug: no case for ${JSON.stringify(value)}`);
}
