import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { waitUntil } from '../fakes/wait-until.ts';
import { rigStanding } from './rig.ts';
import { numbersOf, openTestFile, range, temporaryFolder } from './sample-store.ts';
import { askShell, hasProgram } from './shell.ts';

const script = join(import.meta.dirname, 'committing-process.ts');

describe.runIf(hasProgram('strace'))('a disk that answers with errors', () => {
  const faults = [
    ['the 30th sync fails', 'fsync:error=EIO:when=30'],
    ['every 25th sync fails', 'fsync:error=EIO:when=50+25'],
    ['five syncs in a row fail', 'fsync:error=EIO:when=40..44'],
    ['every 40th write fails', 'pwrite64:error=EIO:when=60+40'],
    ['every 50th write finds no space', 'pwrite64:error=ENOSPC:when=70+50'],
  ] as const;

  test.each(faults)('%s: nothing that was acknowledged is missing, and the store works on', async (_, injection) => {
    const folder = temporaryFolder();
    // Made before, so that the faults meet the events and not the making of the database.
    openTestFile(folder).close();
    const call = injection.slice(0, injection.indexOf(':'));
    const trace = join(folder, 'trace');
    const lines: string[] = [];
    const child = run(
      'strace',
      [
        '-f',
        '-qq',
        '-o',
        trace,
        '-e',
        `trace=${call}`,
        '-e',
        `inject=${injection}`,
        process.execPath,
        script,
        folder,
        '100',
      ],
      lines,
    );
    await waitUntil(
      () => child.exitCode !== null || child.signalCode !== null,
      () => `it did not get through: ${lines.slice(-5).join(' / ')}`,
    );
    expect(readFileSync(trace, 'utf8')).toContain('(INJECTED)');
    expect(lines.filter(line => line.startsWith('acknowledged'))).toEqual(
      range(1, 100).map(number => `acknowledged ${number}`),
    );
    expect(lines.some(line => line.startsWith('failing'))).toBe(true);
    expect(child.exitCode).toBe(0);

    const file = openTestFile(folder);
    const { id, lastEventNumber, setAside, loss } = file.opened();
    expect({ lastEventNumber, setAside, loss }).toEqual({ lastEventNumber: 100, setAside: undefined, loss: undefined });
    expect(numbersOf(file.alarmsAfter({ after: 0, limit: 1_000 }))).toEqual(range(1, 100));
    expect(
      file
        .alarmStates()
        .map(({ occurrence }) => occurrence)
        .sort(),
    ).toEqual(rigStanding(100, id));
    file.close();
    expect(askShell(join(folder, 'plantroom.db'), 'pragma integrity_check')).toBe('ok');
  });

  test('a commit is only acknowledged after its sync has returned', async () => {
    const folder = temporaryFolder();
    const trace = join(folder, 'trace');
    const lines: string[] = [];
    const child = run(
      'strace',
      [
        '-f',
        '-qq',
        '-o',
        trace,
        '-e',
        'trace=fsync,write',
        '-s',
        '40',
        process.execPath,
        script,
        join(folder, 'store'),
        '30',
      ],
      lines,
    );
    await waitUntil(
      () => child.exitCode !== null,
      () => 'it did not end',
    );
    expect(existsSync(trace)).toBe(true);
    // Between two acknowledgements on standard output there is at least one finished sync.
    const told = readFileSync(trace, 'utf8')
      .split('\n')
      .flatMap(line => {
        if (/fsync.*= 0$/.test(line)) return ['sync'];
        return /write\(1, "acknowledged/.test(line) ? ['acknowledged'] : [];
      });
    expect(told.filter(word => word === 'acknowledged')).toHaveLength(30);
    expect(told.join(' ')).not.toContain('acknowledged acknowledged');
    expect(told.indexOf('sync')).toBeLessThan(told.indexOf('acknowledged'));
  });
});

function run(program: string, args: readonly string[], lines: string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  createInterface({ input: child.stdout }).on('line', line => lines.push(line));
  return child;
}
