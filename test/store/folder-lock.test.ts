import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { PlantroomError } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { openStore } from '../../src/store/store.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { alarmEvent, openTestStore, temporaryFolder } from './sample-store.ts';

const script = join(import.meta.dirname, 'committing-process.ts');

/** A second daemon that tries to open the folder and ends. Resolves with the line that says how that went. */
function openElsewhere(folder: string, uid?: number): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'opening-process.ts'), folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let output = '';
  child.stdout.on('data', chunk => {
    output += chunk;
  });
  child.stderr.on('data', chunk => {
    output += chunk;
  });
  return new Promise(resolve => child.on('close', () => resolve(output.trim())));
}

describe('a second daemon on one folder', () => {
  test('is refused with the process id of the first, which is unharmed', async () => {
    const folder = temporaryFolder();
    const first = await openTestStore(folder);
    const refusal = JSON.parse(await openElsewhere(folder));
    expect(refusal).toMatchObject({ kind: 'busy', message: expect.stringContaining(`process ${process.pid}`) });
    expect(refusal.message).toContain(folder);
    expect(refusal.hint).not.toBe('');
    await first.commitAlarms([alarmEvent(1, first.id)], []);
    expect(first.figures().state).toBe('ok');
  });

  test('is refused in the same process too', async () => {
    const folder = temporaryFolder();
    const first = await openTestStore(folder);
    const second = openStore({ folder, clock: systemClock, log: silentLog });
    await expect(second).rejects.toMatchObject({ kind: 'busy' });
    await first.close();
    await expect(openElsewhere(folder)).resolves.toBe('opened');
  });

  test('may start at once when the first was killed: a dead process holds nothing', async () => {
    const folder = temporaryFolder();
    const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    let lines = 0;
    createInterface({ input: child.stdout }).on('line', () => {
      lines += 1;
    });
    await waitUntil(
      () => lines > 3,
      () => 'the first daemon did not start',
    );
    await expect(openStore({ folder, clock: systemClock, log: silentLog })).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringContaining(`process ${child.pid}`),
    });
    child.kill('SIGKILL');
    await new Promise(resolve => child.once('exit', resolve));
    const second = await openTestStore(folder);
    expect(second.lastEventNumber).toBeGreaterThan(0);
  });

  test('is told apart from junk in the lock file, which a dying disk left there', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'plantroom.lock'), 'no database, no lock, only junk '.repeat(200));
    const store = await openTestStore(folder);
    await expect(openElsewhere(folder)).resolves.toContain('busy');
    expect(store.figures().state).toBe('ok');
  });
});

describe('a folder that cannot be written', () => {
  test('is named, with what to do, when it is a file', async () => {
    const path = join(temporaryFolder(), 'store');
    writeFileSync(path, '');
    const refused = openStore({ folder: path, clock: systemClock, log: silentLog });
    await expect(refused).rejects.toThrow(PlantroomError);
    await expect(refused).rejects.toMatchObject({
      kind: 'storage',
      message: expect.stringContaining(path),
      hint: expect.stringContaining('folder'),
    });
  });

  test.runIf(process.getuid?.() === 0)(
    'is named when another user owns it, and so is a database of another user',
    async () => {
      const folder = join(temporaryFolder(), 'store');
      mkdirSync(folder);
      chmodSync(join(folder, '..'), 0o755);
      const nobody = 65_534;
      const empty = JSON.parse(await openElsewhere(folder, nobody));
      expect(empty).toMatchObject({ kind: 'storage', message: expect.stringContaining(folder) });

      const store = await openTestStore(folder);
      await store.close();
      chmodSync(folder, 0o777);
      chmodSync(join(folder, 'plantroom.lock'), 0o666);
      const foreign = JSON.parse(await openElsewhere(folder, nobody));
      expect(foreign).toMatchObject({ kind: 'storage', message: expect.stringContaining(folder) });
      expect(foreign.hint).toContain(String(nobody));
    },
  );

  test('is made when it is missing, with the folders above it', async () => {
    const folder = join(temporaryFolder(), 'var', 'lib', 'plantroom');
    const store = await openTestStore(folder);
    expect(store.path).toBe(join(folder, 'plantroom.db'));
    onTestFinished(() => store.close());
  });
});
