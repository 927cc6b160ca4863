import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { type ErrorKind, exitCodes, PlantroomError } from '../../base/errors.ts';

/** The project's folder. */
export const projectFolder = join(import.meta.dirname, '..', '..', '..');

export interface ChildOptions {
  /** For people: `gateway`. */
  readonly name: string;
  /** What stands behind `plantroom`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Lines of its standard error that are kept, to tell why it died. */
const keptLines = 40;
const longestLine = 2_000;

/** How long a child may take to end by itself before it is killed. */
const stopMs = 1_400;

/** One `plantroom` process that ends with us, even when we are killed. */
export class Child {
  readonly name: string;
  /** Resolves when it has ended, for whatever reason. Never rejects. */
  readonly ended: Promise<ChildEnd>;
  readonly #process: ChildProcess;
  readonly #clock: Clock;
  #lines: string[] = [];
  #rest = '';

  constructor({ name, args, env, clock }: ChildOptions) {
    this.name = name;
    this.#clock = clock;
    this.#process = spawn(process.execPath, [join(projectFolder, 'src', 'bin', 'plantroom.mjs'), ...args], {
      cwd: projectFolder,
      // A group of its own: Ctrl-C is for us, and we stop our children in good order.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // The channel tells it when we are gone (src/bin/plantroom.mjs).
      env: { ...env, PLANTROOM_STARTED_BY: String(process.pid) },
    });
    this.#process.stderr?.setEncoding('utf8').on('data', text => this.#keep(String(text)));
    this.ended = new Promise(resolve => {
      this.#process.once('close', (code, signal) => resolve({ code, signal }));
      this.#process.once('error', () => resolve({ code: null, signal: null }));
    });
  }

  /** Asks it to end, and kills it when it does not. */
  async stop(): Promise<ChildEnd> {
    this.#process.kill('SIGTERM');
    const enough = new AbortController();
    const late = this.#clock.sleep(stopMs, enough.signal).then(
      () => this.#process.kill('SIGKILL'),
      () => {},
    );
    const end = await this.ended;
    enough.abort();
    await late;
    return end;
  }

  /** Why it ended, in its own words where it had any. */
  explain({ code, signal }: ChildEnd): PlantroomError {
    const said = this.#lines.map(errorIn).findLast(error => error !== undefined);
    if (said) return said;
    const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
    const last = this.#lines.at(-1);
    return new PlantroomError(`the ${this.name} ${how}${last === undefined ? '' : `: ${last}`}`, {
      kind: 'internal',
      hint: 'start the demo again; if it happens again, report it with these lines',
    });
  }

  #keep(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-longestLine);
    this.#lines = [...this.#lines, ...lines.map(line => line.slice(0, longestLine))].slice(-keptLines);
  }
}

/** With --json a verb says why it failed as one line of JSON. */
function errorIn(line: string): PlantroomError | undefined {
  try {
    const { error } = JSON.parse(line) as { error?: { kind?: string; message?: string; hint?: string } };
    if (typeof error?.message !== 'string' || !Object.hasOwn(exitCodes, error.kind ?? '')) return undefined;
    return new PlantroomError(error.message, {
      kind: error.kind as ErrorKind,
      ...(typeof error.hint === 'string' ? { hint: error.hint } : {}),
    });
  } catch {
    return undefined;
  }
}
