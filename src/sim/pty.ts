import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../base/clock.ts';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import { mostUnsentBytes } from './slave-server.ts';

/** The device's end of a pseudo terminal. */
export interface Pty {
  /** What a master opens: /dev/pts/7. */
  readonly device: string;
  /** What cannot be written is lost, as on a real line. */
  write(bytes: Uint8Array): void;
  /** The terminal is gone: whoever has it open is hung up. */
  close(): Promise<void>;
}

export interface PtyOptions {
  readonly clock: Clock;
  readonly onBytes: (bytes: Uint8Array) => void;
  /** The terminal went away without having been closed. */
  readonly onGone: () => void;
}

/** -d -d tells the name of the terminal. */
const socatArguments = ['-d', '-d', 'pty,raw,echo=0', '-'];
const longestStartMs = 5_000;
/** Of what socat says, for the error. */
const mostTextBytes = 4_096;

/**
 * Makes a pseudo terminal by socat, which keeps it alive while nobody has it open.
 *
 * @throws PlantroomError kind `not-found` when there is no socat, `network` when it makes no terminal
 */
export async function openPty({ clock, onBytes, onGone }: PtyOptions): Promise<Pty> {
  const child = spawn('socat', socatArguments, { stdio: ['pipe', 'pipe', 'pipe'] });
  const gone = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let isClosing = false;
  const close = async () => {
    isClosing = true;
    child.kill('SIGTERM');
    await gone;
  };
  child.stdout.on('data', onBytes);
  // Written to a terminal that has just gone; its end is told below.
  child.stdin.on('error', () => {});
  try {
    const device = await waitForDevice(child, clock);
    void gone.then(() => {
      if (!isClosing) onGone();
    });
    const write = (bytes: Uint8Array) => {
      if (child.stdin.writable && child.stdin.writableLength <= mostUnsentBytes) child.stdin.write(bytes);
    };
    return { device, write, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Resolves when the terminal is ready for use, not only made: before that it would echo. */
function waitForDevice(child: ChildProcess, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = clock.at(clock.monoMs() + longestStartMs, () => fail(`it said nothing for ${longestStartMs} ms`));
    const fail = (why: string) => {
      timer.cancel();
      reject(new PlantroomError(`socat made no pseudo terminal: ${why}`, { kind: 'network', hint: noPtyHint }));
    };
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-mostTextBytes);
      const device = /PTY is (\S+)/.exec(said)?.[1];
      if (device === undefined || !said.includes('starting data transfer loop')) return;
      timer.cancel();
      resolve(device);
    });
    child.once('exit', () => fail(said.trim().split('\n').at(-1) ?? 'it ended'));
    child.once('error', thrown => {
      timer.cancel();
      reject(codeOf(thrown) === 'ENOENT' ? noSocat(thrown) : thrown);
    });
  });
}

const noPtyHint = 'try socat -d -d pty,raw,echo=0 - by hand; a container may have no /dev/ptmx';

function noSocat(cause: unknown): PlantroomError {
  return new PlantroomError(`a simulated serial line needs socat, which is not here: ${messageOf(cause)}`, {
    kind: 'not-found',
    hint: 'install it: sudo apt-get install socat',
    cause,
  });
}
