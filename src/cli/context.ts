import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import manifest from '../../package.json' with { type: 'json' };
import { type Clock, systemClock } from '../base/clock.ts';
import { type Random, systemRandom } from '../base/random.ts';
import { createStyle, type Style } from './render/style.ts';

/** Where text goes. A terminal says so, and says how large it is. */
export interface TerminalOutput extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Where keys come from. Only a terminal can be made raw. */
interface TerminalInput extends Readable {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
}

/** All that a verb may touch of the process it runs in. */
export interface CliContext {
  readonly out: TerminalOutput;
  readonly err: TerminalOutput;
  readonly in: TerminalInput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Emits SIGINT, SIGTERM and SIGHUP under their names. A verb that listens takes the default action away. */
  readonly signals: Pick<EventEmitter, 'on' | 'off'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  /** What main returns when the verb ends without an error; set by a verb that already said what is wrong. */
  exitCode: number;
}

/** The context of this process. */
export function createProcessContext(): CliContext {
  return {
    out: process.stdout,
    err: process.stderr,
    in: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    signals: process,
    clock: systemClock,
    random: systemRandom,
    version: manifest.version,
    exitCode: 0,
  };
}

/** Colours only where a terminal shows them; NO_COLOR and FORCE_COLOR decide otherwise (https://no-color.org). */
export function styleFor(output: TerminalOutput, env: CliContext['env']): Style {
  if (env.NO_COLOR) return createStyle(false);
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return createStyle(true);
  return createStyle(output.isTTY === true && env.TERM !== 'dumb');
}

/** Columns a table may use; undefined when the output is no terminal, and nothing is cut. */
export function widthOf(output: TerminalOutput): number | undefined {
  return output.isTTY === true && output.columns !== undefined && output.columns > 0 ? output.columns : undefined;
}
