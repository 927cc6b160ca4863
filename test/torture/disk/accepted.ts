/** An event whose commit was acknowledged, as busy-store-process.ts tells of it. */
export interface ToldAccepted {
  readonly number: number;
  readonly id: string;
  /** The system's monotonic clock, in ns. */
  readonly atNs: bigint;
}

export function parseAccepted(line: string): ToldAccepted | undefined {
  const [, number, id, at] = /^accepted (\d+) (\S+) at (\d+)$/.exec(line) ?? [];
  if (number === undefined || id === undefined || at === undefined) return undefined;
  return { number: Number(number), id, atNs: BigInt(at) };
}
