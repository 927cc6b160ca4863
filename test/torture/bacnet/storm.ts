/** Hostile datagrams at something, judged by what comes out of it. */
export interface Storm {
  /** At least so many datagrams more; ends before when too much went wrong. */
  attack(datagrams: number): Promise<void>;
  /** Lets all end that is under way, and judges that too. */
  close(): Promise<void>;
  readonly datagrams: () => number;
  readonly counts: () => Record<string, number>;
  /** What went wrong. */
  readonly examples: readonly string[];
}

/** More are of no use. */
export const mostExamples = 20;
