import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** test/fixtures/libmodbus-slave.c, compiled and running: a slave whose Modbus was written by others. */
export interface LibmodbusSlave {
  /** Of a slave on TCP. */
  readonly port: number;
  /** Stops the process as SIGSTOP does: the kernel still accepts, nobody answers. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** @param path of the serial port, for `rtu` */
export async function startLibmodbusSlave(mode: 'serve' | 'deaf' | 'rtu', path?: string): Promise<LibmodbusSlave> {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-libmodbus-'));
  try {
    const child = spawn(compile(folder), path === undefined ? [mode] : [mode, path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const port = await firstLine(child);
    return {
      port: Number(port),
      freeze: () => child.kill('SIGSTOP'),
      thaw: () => child.kill('SIGCONT'),
      stop: () => stop(child),
    };
  } finally {
    // A running program does not need its file any more.
    rmSync(folder, { recursive: true });
  }
}

function compile(folder: string): string {
  const program = join(folder, 'libmodbus-slave');
  const source = join(import.meta.dirname, '../fixtures/libmodbus-slave.c');
  const args = ['-O1', '-Wall', '-I/usr/include/modbus', source, '-o', program, '-lmodbus', '-lpthread'];
  const { error, status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' });
  if (error || status !== 0) {
    throw new Error(
      `cannot compile the libmodbus slave: ${error?.message ?? stderr}\n` +
        'install what it needs: sudo apt-get install gcc libc6-dev libmodbus-dev',
    );
  }
  return program;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', chunk => {
      text += String(chunk);
      if (text.includes('\n')) resolve(text.trim());
    });
    child.once('exit', code => reject(new Error(`the libmodbus slave ended with ${code}`)));
  });
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
