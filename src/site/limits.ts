/** The limits of a site file. What goes beyond one is refused with an error that names it; nothing is cut silently. */
export const siteLimits = {
  /** Bytes of the site file, and of one profile. */
  maxFileBytes: 1_048_576,
  /** Mappings, lists and values in one file, each alias counted with all it stands for. */
  maxNodes: 400_000,
  /** Uses of `*name` in one file. */
  maxAliases: 100,
  /** Levels of mappings and lists inside each other. A site file needs six. */
  maxDepth: 20,
  maxDevices: 500,
  maxPoints: 20_000,
  maxRules: 20_000,
  /** Rules that learn by time of day. Each takes up to 45 kB of memory, and as much of the disk. */
  maxBands: 200,
  /** Computed points, alarms with an expression and suppressions, all together. */
  maxExpressions: 2_000,
  /** Computed points of one profile, and its alarms with an expression. */
  maxExpressionsOfProfile: 200,
  /** Inputs of one expression. */
  maxInputs: 30,
  /** Different points that a running gateway may have had, over all its reloads; beyond it a reload is refused. */
  maxPointNames: 100_000,
  /** Problems that are listed; the rest is counted. */
  maxProblems: 100,
  /** Characters of the offending text that a message repeats. */
  maxShownText: 60,
} as const;
