import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { waitUntil } from '../fakes/wait-until.ts';
import {
  alarmEvent,
  alarmEvents,
  numbersOf,
  openTestFile,
  openTestStore,
  range,
  temporaryFolder,
  upTo,
} from './sample-store.ts';
import { askShell, hasProgram } from './shell.ts';

const script = join(import.meta.dirname, 'sending-process.ts');

/** Runs the sending gateway under strace and resolves with what it said. */
async function sendUnder(injection: string, folder: string, last: number): Promise<string[]> {
  const call = injection.slice(0, injection.indexOf(':'));
  const trace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${injection}`];
  const child = spawn('strace', [...trace, process.execPath, script, folder, String(last)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', line => lines.push(line));
  await waitUntil(
    () => child.exitCode !== null || child.signalCode !== null,
    () => `it did not get through: ${lines.slice(-5).join(' / ')}`,
  );
  return lines;
}

const sentIn = (lines: readonly string[]) => lines.filter(line => line.startsWith('sent')).map(line => +line.slice(5));

describe.runIf(hasProgram('strace'))('a disk that does not answer', () => {
  test('for five seconds: alarms are sent from memory meanwhile, in order and once, and all are stored in the end', async () => {
    const folder = temporaryFolder();
    openTestFile(folder).close();
    const lines = await sendUnder('fsync:delay_enter=5000000:when=20', folder, 120);
    expect(sentIn(lines)).toEqual(range(1, 120));
    const failing = lines.findIndex(line => line.startsWith('failing'));
    // The hanging call may be that of a commit, or one that follows it.
    const answered = lines.findIndex((line, index) => index > failing && /^(stored|ok)/.test(line));
    expect(lines[failing]).toContain('has not answered for 2 s');
    expect(sentIn(lines.slice(failing, answered)).length).toBeGreaterThan(30);
    expect(lines.slice(failing).some(line => line.startsWith('ok'))).toBe(true);
    expect(lines.filter(line => line.startsWith('stored'))).toHaveLength(120);
    // The main thread has never waited for the disk.
    expect(Number(lines.at(-1)?.replace('late ', ''))).toBeLessThan(500);
    const file = openTestFile(folder);
    expect(numbersOf(file.alarmsAfter({ after: 0, limit: 1_000 }))).toEqual(range(1, 120));
    expect(file.opened()).toMatchObject({ cursors: [{ uplink: 'platform', ...upTo(120) }], loss: undefined });
    file.close();
  });

  test('and fails in the end: what was sent from memory is stored all the same', async () => {
    const folder = temporaryFolder();
    openTestFile(folder).close();
    const lines = await sendUnder('fsync:delay_enter=3000000:error=EIO:when=20', folder, 100);
    expect(sentIn(lines)).toEqual(range(1, 100));
    const file = openTestFile(folder);
    expect(numbersOf(file.alarmsAfter({ after: 0, limit: 1_000 }))).toEqual(range(1, 100));
    file.close();
  });
});

const mayShutDown = process.getuid?.() === 0 && canShutDown();
if (!mayShutDown)
  process.stderr.write('the test of a file system that dies needs root, loop devices and python3: it does not run\n');

/** A file system of its own that a test can kill. */
function mountLoop(): { readonly folder: string; shutDown(): void; mountAgain(): void } {
  const base = temporaryFolder();
  const image = join(base, 'image');
  const folder = join(base, 'disk');
  mkdirSync(folder);
  execFileSync('truncate', ['-s', '32M', image]);
  execFileSync('mkfs.ext4', ['-q', '-F', image]);
  const mount = () => execFileSync('mount', ['-o', 'loop', image, folder], { stdio: 'pipe' });
  const unmount = () => spawnSync('umount', ['-l', folder]);
  mount();
  onTestFinished(() => {
    unmount();
  });
  return {
    folder,
    shutDown() {
      // EXT4_IOC_SHUTDOWN without a flush of the log: from now on every access fails, as with a card that was pulled out.
      const call = `import fcntl, os, struct; fcntl.ioctl(os.open(${JSON.stringify(folder)}, os.O_RDONLY), 0x8004587D, struct.pack('I', 2))`;
      execFileSync('python3', ['-c', call]);
    },
    mountAgain() {
      unmount();
      mount();
    },
  };
}

function canShutDown(): boolean {
  try {
    execFileSync('python3', ['-c', ''], { stdio: 'ignore' });
    execFileSync('losetup', ['-f'], { stdio: 'ignore' });
    return spawnSync('mkfs.ext4', ['-V'], { stdio: 'ignore' }).status === 0;
  } catch {
    return false;
  }
}

test.runIf(mayShutDown)(
  'a file system that dies: alarms are sent from memory, nothing accepted is lost, and the store works on when it is back',
  async () => {
    const disk = mountLoop();
    const store = await openTestStore(join(disk.folder, 'store'), { reserveBytes: 0 });
    await store.commitAlarms(alarmEvents(1, 50, store.id), []);
    await store.settleAlarms('platform', upTo(50));
    disk.shutDown();
    const commits = range(51, 90).map(number => store.commitAlarms([alarmEvent(number, store.id)], []));
    await waitUntil(
      () => store.figures().state === 'failing',
      () => 'the dead file system was not noticed',
    );
    expect(store.figures().lastFailure).toMatch(/IOERR|I\/O/);
    expect(numbersOf(await store.readAlarms('platform', 50, 100))).toEqual(range(51, 90));
    await store.settleAlarms('platform', upTo(80));
    // From an earlier place on nothing can be read, but the newest need not wait.
    expect(numbersOf(await store.readAlarms('second', 10, 100)).at(-1)).toBe(90);

    disk.mountAgain();
    await Promise.all(commits);
    await waitUntil(
      () => store.figures().state === 'ok',
      () => `it did not recover: ${store.figures().lastFailure}`,
    );
    expect(numbersOf(await store.readAlarms('platform', 0, 100))).toEqual(range(1, 90));
    expect(await store.alarmCursor('platform')).toEqual(upTo(80));
    await store.close();
    expect(askShell(store.path, 'pragma integrity_check; select sent from uplink')).toBe('ok\n80');
  },
  60_000,
);
