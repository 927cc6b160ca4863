/**
 * The one error class. An error says what happened (`message`), what to do (`hint`) and, in a closed list of codes,
 * what kind it is; the exit code of the command line follows from the kind (docs/cli.md).
 */

/** Exit codes by kind. They are a contract with scripts: add, never renumber. */
export const exitCodes = {
  /** A bug of ours. */
  internal: 1,
  /** The command line itself was wrong. */
  usage: 2,
  /** The site file, a profile or a secret is wrong. */
  site: 3,
  /** No daemon answers on the socket. */
  'not-running': 4,
  /** The thing asked for does not exist: a point, a device, an alarm, a file. */
  'not-found': 5,
  /** A port, a lock or a file is held by another process. */
  busy: 6,
  /** The disk or the database refuses. */
  storage: 7,
  /** A broker, a device or a host cannot be reached or refuses us. */
  network: 8,
  /** The daemon refused the command and says why. */
  refused: 9,
  /** A signal ended it before it was done: as a shell has it for Ctrl-C. */
  interrupted: 130,
} as const;

export type ErrorKind = keyof typeof exitCodes;

export interface ErrorDetails {
  readonly kind: ErrorKind;
  /** One line: what to do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

export class PlantroomError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'PlantroomError';
    this.kind = details.kind;
    this.hint = details.hint;
  }
}

/** The text of anything that was thrown. Libraries throw strings and bare objects too. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}

/** The system's error code (ECONNREFUSED, SQLITE_FULL, …), where the thrown thing carries one. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
