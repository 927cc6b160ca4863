import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { constants, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './wait-until.ts';

/**
 * A board with GPIO pins, for a process that is started inside its world: a mount namespace in which /sys/class is a
 * folder of this test. It shows the files that the kernel shows, and makes those of a pin when its number is written to
 * `export`, as the kernel does. onoff is the real one.
 */
export interface GpioBoard {
  /** What to put before a command so that it runs on this board. */
  readonly inside: readonly string[];
  /** Content of a file of a pin; undefined while the pin is not exported. */
  read(line: number, file: 'value' | 'direction' | 'active_low'): string | undefined;
  write(line: number, file: 'value' | 'active_low', text: string): void;
  /** The driver of the chip is loaded only now. */
  plugIn(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface BoardChip {
  readonly label: string;
  readonly base: number;
  readonly lines: number;
}

/** False, and told once, where the test may not make a mount namespace, or onoff's addon is not compiled. */
export function mayMakeBoards(): boolean {
  const mayMount = spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' }).status === 0;
  const hasAddon = canLoad('onoff');
  if (!mayMount) process.stderr.write('no right to unshare --mount: the tests with GPIO pins do not run\n');
  if (!hasAddon) process.stderr.write('npm run setup -- --gpio was not run: the tests with GPIO pins do not run\n');
  return mayMount && hasAddon;
}

function canLoad(name: string): boolean {
  try {
    createRequire(import.meta.url)(name);
    return true;
  } catch {
    return false;
  }
}

/** Without `isPluggedIn` the machine has no /sys/class/gpio at first. */
export async function openGpioBoard(chip: BoardChip, isPluggedIn = true): Promise<GpioBoard> {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-gpio-'));
  const gpio = join(folder, 'gpio');
  const sockets: Socket[] = [];
  const fileOf = (line: number, file: string) => join(gpio, `gpio${line}`, file);

  function plugIn(): void {
    const shown = join(gpio, `gpiochip${chip.base}`);
    mkdirSync(shown, { recursive: true });
    writeFileSync(join(shown, 'label'), `${chip.label}\n`);
    writeFileSync(join(shown, 'base'), `${chip.base}\n`);
    writeFileSync(join(shown, 'ngpio'), `${chip.lines}\n`);
    listen('export', line => {
      const values = { value: '0\n', direction: 'in\n', active_low: '0\n', edge: 'none\n' };
      mkdirSync(join(gpio, `gpio${line}`));
      for (const [file, text] of Object.entries(values)) writeFileSync(fileOf(line, file), text);
    });
    listen('unexport', line => rmSync(join(gpio, `gpio${line}`), { recursive: true }));
  }

  /** Of two numbers that come at once nothing tells where one ends: they are all of three figures here. */
  function listen(name: string, onLine: (line: number) => void): void {
    run('mkfifo', join(gpio, name));
    const fd = openSync(join(gpio, name), constants.O_RDWR | constants.O_NONBLOCK);
    const socket = new Socket({ fd, readable: true, writable: false });
    sockets.push(socket);
    socket.on('data', (data: Buffer) => {
      for (const [line] of data.toString().matchAll(/\d{3}/g)) onLine(Number(line));
    });
  }

  if (isPluggedIn) plugIn();
  const world: ChildProcess = spawn('unshare', ['--mount', '--propagation', 'private', 'sleep', 'infinity']);
  const inside = ['nsenter', `--mount=/proc/${world.pid}/ns/mnt`];
  await waitUntil(
    () => readFileSync(`/proc/${world.pid}/comm`, 'utf8').trim() === 'sleep',
    () => 'no mount namespace was made',
  );
  run(...inside, 'mount', '--bind', folder, '/sys/class');
  return {
    inside: [...inside, '--'],
    read: (line, file) =>
      existsSync(fileOf(line, file)) ? readFileSync(fileOf(line, file), 'utf8').trim() : undefined,
    write: (line, file, text) => writeFileSync(fileOf(line, file), text),
    plugIn,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      world.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function run(...words: readonly string[]): void {
  const [program = '', ...args] = words;
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
}
