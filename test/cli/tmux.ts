import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bin } from './terminal.ts';

/** A real terminal, in which a shell runs the command and then says how it ended. */
export class Tmux {
  readonly #socket: string;
  readonly #serverPid: number;

  /** @param folder where its socket is kept */
  constructor(folder: string, args: readonly string[], columns: number, rows: number) {
    this.#socket = join(folder, 'tmux.sock');
    // Ctrl-C goes to the shell as well, which has to live on.
    const script = 'trap : INT; "$@"; echo "ended with $?"; exec cat';
    const command = ['sh', '-c', script, 'sh', process.execPath, bin, ...args];
    const size = ['-x', String(columns), '-y', String(rows)];
    this.run('-f', '/dev/null', 'new-session', '-d', ...size, ...command);
    this.#serverPid = Number(this.run('display-message', '-p', '#{pid}'));
  }

  run(...args: string[]): string {
    return execFileSync('tmux', ['-u', '-S', this.#socket, ...args], {
      encoding: 'utf8',
      env: { ...process.env, TMUX: undefined, LC_ALL: 'C.UTF-8', NO_COLOR: undefined, FORCE_COLOR: undefined },
    });
  }

  screen(): string {
    return this.run('capture-pane', '-p').trimEnd();
  }

  lines(): string[] {
    return this.screen().split('\n');
  }

  async shows(text: string | RegExp): Promise<void> {
    const poll = expect.poll(() => this.screen(), { timeout: 25_000, interval: 50 });
    await (typeof text === 'string' ? poll.toContain(text) : poll.toMatch(text));
  }

  /** Whether the alternate screen is on, and whether the cursor shows. */
  modes(): string {
    return this.run('display-message', '-p', '#{alternate_on} #{cursor_flag} #{wrap_flag}').trim();
  }

  /** The process below the shell. */
  pid(): number {
    const shell = this.run('list-panes', '-F', '#{pane_pid}').trim();
    return Number(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim());
  }

  [Symbol.dispose](): void {
    // Not through its socket: that is gone when a test has run out of time.
    process.kill(this.#serverPid, 'SIGTERM');
  }
}
