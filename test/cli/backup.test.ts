import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { startRegisterSlave } from '../fakes/register-slave.ts';
import { mayMount, mountSmallDisk } from '../fakes/small-disk.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { makeFolder, remove, root, runCli, startCli } from './terminal.ts';

let folder: string;
let daemon: Daemon;
let site: string;
const slave = await startRegisterSlave();

beforeAll(async () => {
  folder = makeFolder('backup');
  slave.set(0, 300);
  site = `gateway: {id: tower-a, name: Tower A}
buses:
  - {id: room, protocol: modbus-tcp, host: 127.0.0.1, port: ${slave.port}}
devices:
  - id: sump
    bus: room
    interval: 50ms
    points:
      - {id: level, holding-register: 0, type: u16, scale: 0.01, unit: m}
alarms:
  - {id: level-high, point: sump/level, high: 2 m, deadband: 0.1 m, priority: high}
`;
  daemon = await startDaemon(site, { mine: 'name: mine\n' });
  await waitForEvents(1);
});

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await slave[Symbol.asyncDispose]();
  remove(folder);
});

const cli = (...args: string[]) => runCli(args, { cwd: folder, env: { PLANTROOM_SOCKET: daemon.socketPath } });

/** Lets the alarm come and go until so many events are in the log. */
async function waitForEvents(count: number): Promise<void> {
  const events = async () => (await daemon.client.alarms(1)).history[0]?.number ?? 0;
  let isHigh = true;
  for (let number = await events(); number < count; ) {
    isHigh = !isHigh;
    slave.set(0, isHigh ? 300 : 100);
    const before = number;
    for (let tries = 0; number === before && tries < 200; tries += 1) {
      await new Promise(resolve => setTimeout(resolve, 20));
      number = await events();
    }
  }
}

async function makeBackup(name: string, ...more: string[]): Promise<string> {
  const { code, err } = await cli('backup', name, ...more);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return join(folder, name);
}

const shell = (file: string, sql: string) => execFileSync('sqlite3', [file, sql], { encoding: 'utf8' }).trim();

describe('a backup', () => {
  test('of a daemon that runs is one file that tar and sha256sum can read too', async () => {
    const path = await makeBackup('one.tar.gz');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const names = execFileSync('tar', ['tzf', path], { encoding: 'utf8' }).trim().split('\n');
    expect(names[0]).toBe('manifest.json');
    expect(names).toEqual(expect.arrayContaining(['plantroom.db', 'site/site.yaml', 'site/profiles/mine.yaml']));
    const out = join(folder, 'unpacked');
    mkdirSync(out);
    execFileSync('tar', ['xzf', path, '-C', out]);
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    const sums = manifest.files.map((file: { name: string; sha256: string }) => `${file.sha256}  ${file.name}\n`);
    execFileSync('sha256sum', ['--check', '--strict'], { cwd: out, input: sums.join('') });
    expect(shell(join(out, 'plantroom.db'), 'pragma integrity_check')).toBe('ok');
    expect(Number(shell(join(out, 'plantroom.db'), 'select count(*) from alarm_log'))).toBeGreaterThan(0);
    expect(readFileSync(join(out, 'site/site.yaml'), 'utf8')).toBe(site);
    expect(readdirSync(folder).filter(name => name.includes('making'))).toEqual([]);
  });

  test('tells what is in it, for people and for scripts', async () => {
    const { out } = await cli('backup', 'two.tar.gz', '--without-history');
    expect(out).toMatch(/two\.tar\.gz: .*B, looked through\n/);
    expect(out).toMatch(/history +left out/);
    const { out: json } = await cli('backup', 'three.tar.gz', '--json');
    const document = JSON.parse(json);
    expect(document).toMatchObject({
      file: join(folder, 'three.tar.gz'),
      site: daemon.sitePath,
      manifest: {
        format: 'plantroom-backup',
        version: 1,
        databases: { 'plantroom.db': { schema: expect.any(Number) } },
      },
    });
    expect(document.bytes).toBe(statSync(join(folder, 'three.tar.gz')).size);
    const page = readFileSync(join(root, 'docs/cli.md'), 'utf8');
    const example = JSON.parse(/^```json backup\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '{}');
    expect(Object.keys(document)).toEqual(Object.keys(example));
    expect(Object.keys(document.manifest)).toEqual(Object.keys(example.manifest));
  });

  test('gets a name of its own in a folder, and never writes over one', async () => {
    const { out } = await cli('backup', '.', '--json');
    expect(JSON.parse(out).file).toMatch(/plantroom-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.tar\.gz$/);
    writeFileSync(join(folder, 'taken'), 'mine');
    const taken = await cli('backup', 'taken');
    expect(taken.code).toBe(exitCodes.usage);
    expect(readFileSync(join(folder, 'taken'), 'utf8')).toBe('mine');
  });

  test.runIf(mayMount)('that finds no room leaves nothing behind', async () => {
    using disk = mountSmallDisk(folder, '16k');
    const { code, err } = await cli('backup', 'small/x.tar.gz');
    expect(code).toBe(exitCodes.storage);
    expect(err).toContain('full');
    expect(readdirSync(disk.folder)).toEqual([]);
  });

  test('that is ended leaves nothing behind', async () => {
    const run = startCli(['backup', 'ended.tar.gz'], { cwd: folder, env: { PLANTROOM_SOCKET: daemon.socketPath } });
    await waitUntil(
      () => readdirSync(folder).some(name => name.startsWith('ended')),
      () => run.err(),
    );
    run.child.kill('SIGINT');
    const { code, signal } = await run.end;
    // It may have been done before the signal came.
    expect(signal).toBeNull();
    expect([0, exitCodes.interrupted]).toContain(code);
    const left = readdirSync(folder).filter(name => name.startsWith('ended'));
    expect(left).toEqual(code === 0 ? ['ended.tar.gz'] : []);
  });

  test('needs to be told where the store is when no daemon runs', async () => {
    const alone = makeFolder('alone');
    const { code, err } = await runCli(['backup', 'x.tar.gz'], { cwd: alone, env: { PLANTROOM_SOCKET: 'nothing' } });
    expect(code).toBe(exitCodes['not-running']);
    expect(err).toContain('--data FOLDER');
    const empty = await runCli(['backup', 'x.tar.gz', '--data', '.'], { cwd: alone });
    expect(empty.code).toBe(exitCodes['not-found']);
    expect(readdirSync(alone)).toEqual([]);
    remove(alone);
  });
});

describe('a restore', () => {
  test('brings the gateway back as it was, under a new store id, and keeps what was there', async () => {
    await waitForEvents(3);
    const path = await makeBackup('restore.tar.gz');
    const before = (await daemon.client.alarms(100)).history;
    const held = before.map(({ id }) => id);
    await waitForEvents(before.length + 2);
    const data = join(daemon.folder, 'data');
    const busy = await cli('restore', path, '--data', data, '--replace');
    expect(busy.code).toBe(exitCodes.busy);
    expect(busy.err).toContain(`in use by process ${daemon.pid}`);
    expect(await daemon.stop()).toBe(0);
    const refused = await cli('restore', path, '--data', data);
    expect(refused.code).toBe(exitCodes.refused);
    expect(refused.err).toContain('--replace');
    const siteTo = join(folder, 'etc');
    const done = await cli('restore', path, '--data', data, '--site-to', siteTo, '--replace', '--json');
    expect({ code: done.code, err: done.err }).toEqual({ code: 0, err: '' });
    const document = JSON.parse(done.out);
    expect(readFileSync(join(siteTo, 'site.yaml'), 'utf8')).toBe(site);
    expect(existsSync(join(siteTo, 'profiles/mine.yaml'))).toBe(true);
    expect(document.siteFiles).toHaveLength(2);
    const kept = shell(join(document.setAside, 'plantroom.db'), 'select max(number) from alarm_log');
    expect(Number(kept)).toBeGreaterThanOrEqual(before.length + 2);
    await daemon.start();
    const after = (await daemon.client.alarms(100)).history;
    expect(after.map(({ id }) => id).slice(-held.length)).toEqual(held);
    await waitForEvents(after.length + 1);
    const [newest] = (await daemon.client.alarms(1)).history;
    expect(newest?.id).toBe(`${document.storeId}-${newest?.number}`);
    expect(document.storeId).not.toBe(held[0]?.split('-')[0]);
  });

  test('of anything but a whole backup changes nothing', async () => {
    const path = await makeBackup('whole.tar.gz');
    const whole = readFileSync(path);
    const random = seededRandom(4);
    const target = join(folder, 'target');
    const bad: [string, Buffer][] = [
      ['empty', Buffer.alloc(0)],
      ['text', Buffer.from('hello')],
    ];
    for (let index = 0; index < 6; index += 1) {
      bad.push([`cut ${index}`, whole.subarray(0, Math.floor(random.next() * (whole.length - 20)))]);
      // Some bits of an archive say nothing: those that fill up a byte before a block that is not compressed.
      for (let isHarmless = true; isHarmless; ) {
        const flipped = Buffer.from(whole);
        const place = 20 + Math.floor(random.next() * (whole.length - 40));
        flipped[place] = (flipped[place] ?? 0) ^ (1 << Math.floor(random.next() * 8));
        isHarmless = contentOf(flipped)?.equals(gunzipSync(whole)) ?? false;
        if (!isHarmless) bad.push([`flipped at ${place}`, flipped]);
      }
    }
    for (const [what, bytes] of bad) {
      writeFileSync(join(folder, 'bad'), bytes);
      const { code, err } = await cli('restore', 'bad', '--data', target);
      expect([what, code]).toEqual([what, exitCodes.refused]);
      expect(err).toContain('nothing was changed');
      expect(readdirSync(target).filter(name => !/lock|pid/.test(name))).toEqual([]);
    }
  });

  test('of an archive that somebody has made up writes nothing elsewhere', async () => {
    const out = join(folder, 'forge');
    mkdirSync(join(out, 'site'), { recursive: true });
    execFileSync('tar', ['xzf', await makeBackup('honest.tar.gz'), '-C', out]);
    const forge = (name: string, ...names: string[]) => {
      execFileSync('tar', ['czPf', join(folder, name), ...names], { cwd: out });
      return cli('restore', name, '--data', join(folder, 'forged'));
    };
    const files = ['manifest.json', 'plantroom.db', 'site/site.yaml', 'site/profiles/mine.yaml'];
    const others = readdirSync(out).filter(name => name === 'history.db');
    // Packed again by another tar it is as good.
    expect((await forge('again.tar.gz', ...files, ...others)).code).toBe(0);
    remove(join(folder, 'forged'));
    writeFileSync(join(folder, 'outside'), 'x');
    symlinkSync('/etc', join(out, 'site/link'));
    copyFileSync(join(out, 'site/site.yaml'), join(out, 'site/extra.yaml'));
    for (const extra of ['../outside', `${folder}/outside`, 'site/link', 'site/extra.yaml', 'site']) {
      const { code } = await forge('forged.tar.gz', ...files, ...others, extra);
      expect([extra, code]).toEqual([extra, exitCodes.refused]);
    }
    // A store that was exchanged, with a sum that fits.
    const database = join(out, 'plantroom.db');
    execFileSync('dd', [
      'if=/dev/urandom',
      `of=${database}`,
      'bs=4096',
      'seek=2',
      'count=2',
      'conv=notrunc',
      'status=none',
    ]);
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    const sha256 = createHash('sha256').update(readFileSync(database)).digest('hex');
    for (const file of manifest.files) if (file.name === 'plantroom.db') file.sha256 = sha256;
    writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest));
    const damaged = await forge('damaged.tar.gz', ...files, ...others);
    expect(damaged.code).toBe(exitCodes.storage);
    expect(damaged.err).toContain('plantroom.db is damaged');
    writeFileSync(join(out, 'manifest.json'), JSON.stringify({ ...manifest, version: 2 }));
    expect((await forge('newer.tar.gz', ...files, ...others)).err).toContain('newer plantroom');
    expect(readdirSync(join(folder, 'forged')).filter(name => !/lock|pid/.test(name))).toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)(
    'by root belongs to the owner of the folder, and clears away what a killed one has left',
    async () => {
      const path = await makeBackup('owned.tar.gz');
      const target = join(folder, 'owned');
      mkdirSync(join(target, 'plantroom.restoring-abc'), { recursive: true });
      chownSync(target, 65_534, 65_534);
      for (const more of [[], ['--replace']]) {
        expect((await cli('restore', path, '--data', target, ...more)).code).toBe(0);
      }
      const names = readdirSync(target);
      expect(names).toContain('plantroom.db');
      expect(names.filter(name => name.startsWith('plantroom.replaced-'))).toHaveLength(1);
      expect(names.filter(name => name.startsWith('plantroom.restoring-'))).toEqual([]);
      expect(names.filter(name => statSync(join(target, name)).uid !== 65_534)).toEqual([]);
    },
  );

  test('without a site file, and over one that is there, is said before anything is changed', async () => {
    const bare = await makeBackup('bare.tar.gz', '--data', join(daemon.folder, 'data'));
    const target = join(folder, 'site-target');
    const none = await cli('restore', bare, '--data', target, '--site-to', target);
    expect(none.code).toBe(exitCodes['not-found']);
    const path = await makeBackup('full.tar.gz');
    mkdirSync(join(folder, 'etc2'));
    writeFileSync(join(folder, 'etc2', 'site.yaml'), 'mine');
    const there = await cli('restore', path, '--data', target, '--site-to', 'etc2');
    expect(there.code).toBe(exitCodes.refused);
    expect(readdirSync(target).filter(name => !/lock|pid/.test(name))).toEqual([]);
    const done = await cli('restore', path, '--data', target, '--site-to', 'etc2', '--replace');
    expect(done.code).toBe(0);
    expect(done.out).toContain('their numbers go on');
    expect(readdirSync(join(folder, 'etc2')).filter(name => name.startsWith('site.yaml.replaced-'))).toHaveLength(1);
    const missing = await cli('restore', 'nothing', '--data', target);
    expect(missing.code).toBe(exitCodes['not-found']);
  });
});

/** What an archive unpacks to; undefined where it is damaged. */
function contentOf(archive: Buffer): Buffer | undefined {
  try {
    return gunzipSync(archive);
  } catch {
    return undefined;
  }
}
