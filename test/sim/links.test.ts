import { spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';
import { openPtyServer } from '../../src/sim/pty-server.ts';
import { createImage, writeRaw } from '../../src/sim/register-image.ts';
import type { SlaveServer } from '../../src/sim/slave-server.ts';
import { openSocketServer } from '../../src/sim/socket-server.ts';
import type { Unit } from '../../src/sim/unit.ts';
import { createUnit } from '../../src/sim/unit.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { mbpoll, mbpollSerial } from './mbpoll.ts';
import { samplePoint } from './sample-site.ts';
import { line9600 } from './slave-rig.ts';

/*
 * The simulated slaves as mbpoll sees them, on each of the three links: a master that nobody here wrote must read what
 * we put in, or simulator and driver could share one misunderstanding.
 */

let folder = '';
const closers: (() => Promise<void>)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plantroom-links-'));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

/** Ten of each table, all different from each other. */
function fullUnit(unitId: number): Unit {
  const tables = ['coil', 'discrete-input', 'holding-register', 'input-register'] as const;
  const points = tables.map(table =>
    Array.from({ length: 10 }, (_, address) =>
      samplePoint({ id: `${table}-${address}`, table, address, ...(isBit(table) ? { type: 'bool' } : {}) }),
    ),
  );
  const image = createImage(points.flat());
  const raws = [
    [1, 0, 0, 1, 1],
    [0, 1, 1, 0, 1],
    [11, 65_535, 300, 0, 1],
    [21, 513, 40_000, 7, 2],
  ];
  for (const [table, of] of points.entries()) {
    for (const [address, point] of of.slice(0, 5).entries()) writeRaw(image, point, raws[table]?.[address] ?? 0);
  }
  return createUnit({ unitId, image });
}

function isBit(table: string): boolean {
  return table === 'coil' || table === 'discrete-input';
}

const common = { clock: systemClock, random: seededRandom(1) };

async function keep(opening: Promise<SlaveServer>): Promise<SlaveServer> {
  const server = await opening;
  closers.push(() => server.close());
  return server;
}

/** Joins a serial port, for mbpoll, to the socket of a device server. */
async function joinPort(port: number): Promise<string> {
  const path = join(folder, 'joined');
  const child = spawn('socat', [`pty,raw,echo=0,link=${path}`, `tcp:127.0.0.1:${port},nodelay`], { stdio: 'ignore' });
  closers.push(
    () =>
      new Promise(resolve => {
        child.once('exit', () => resolve());
        child.kill();
      }),
  );
  await waitUntil(
    () => existsSync(path),
    () => `socat made no ${path}`,
  );
  return path;
}

type Poll = typeof mbpollSerial;

const links: readonly (readonly [
  string,
  (units: readonly Unit[]) => Promise<{ server: SlaveServer; poll: Poll; at: string }>,
])[] = [
  [
    'Modbus TCP',
    async units => {
      const server = await keep(openSocketServer({ ...common, framing: 'tcp', host: '127.0.0.1', port: 0, units }));
      return { server, poll: (_, ...rest) => mbpoll(server.port ?? 0, ...rest), at: '' };
    },
  ],
  [
    'RTU over TCP',
    async units => {
      const options = { ...common, framing: 'rtu', host: '127.0.0.1', port: 0, line: line9600, units } as const;
      const server = await keep(openSocketServer(options));
      return { server, poll: mbpollSerial, at: await joinPort(server.port ?? 0) };
    },
  ],
  [
    'RTU on a serial port',
    async units => {
      const at = join(folder, 'line-1');
      const server = await keep(openPtyServer({ ...common, path: at, line: line9600, units }));
      return { server, poll: mbpollSerial, at };
    },
  ],
];

describe.each(links)('%s', (_, open) => {
  test('an independent master reads every table of every unit', async () => {
    const { server, poll, at } = await open([fullUnit(1), fullUnit(17)]);
    for (const unit of ['1', '17']) {
      expect((await poll(at, '0', 0, 5, ['-a', unit])).values).toEqual(['1', '0', '0', '1', '1']);
      expect((await poll(at, '1', 0, 5, ['-a', unit])).values).toEqual(['0', '1', '1', '0', '1']);
      expect((await poll(at, '4:hex', 0, 5, ['-a', unit])).values).toEqual([
        '0x000B',
        '0xFFFF',
        '0x012C',
        '0x0000',
        '0x0001',
      ]);
      expect((await poll(at, '3:hex', 0, 5, ['-a', unit])).values).toEqual([
        '0x0015',
        '0x0201',
        '0x9C40',
        '0x0007',
        '0x0002',
      ]);
    }
    expect(server.counts).toEqual({ requests: 8, badFrames: 0, shortSilences: 0, collisions: 0 });
  });

  test('an independent master understands a refusal', async () => {
    const { poll, at } = await open([fullUnit(1)]);
    expect((await poll(at, '4', 8, 5)).text).toContain('Illegal data address');
  });

  test('what was pulled out and put in again is read as before', async () => {
    const { server, poll, at } = await open([fullUnit(1)]);
    // A port that socat joined to the socket would be gone with the socket.
    if (at.endsWith('joined')) return;
    await server.unplug();
    expect(server.isPlugged).toBe(false);
    expect((await poll(at, '4', 0, 5, ['-o', '0.2'])).values).toEqual([]);
    await server.plug();
    expect((await poll(at, '4', 0, 1)).values).toEqual(['11']);
  });
});

describe('faults an independent master can tell', () => {
  test('a wrong check sum on a serial port', async () => {
    const unit = fullUnit(1);
    const at = join(folder, 'line-1');
    await keep(openPtyServer({ ...common, path: at, line: line9600, units: [unit] }));
    unit.fault = 'bad-crc';
    expect((await mbpollSerial(at, '4', 0, 5, ['-o', '0.5'])).values).toEqual([]);
    unit.fault = undefined;
    expect((await mbpollSerial(at, '4', 0, 1)).values).toEqual(['11']);
  });

  test('an adapter that drops off comes back by itself', async () => {
    const unit = fullUnit(1);
    const at = join(folder, 'line-1');
    const server = await keep(openPtyServer({ ...common, path: at, line: line9600, units: [unit] }));
    unit.fault = 'close-mid-reply';
    expect((await mbpollSerial(at, '4', 0, 5, ['-o', '0.5'])).values).toEqual([]);
    unit.fault = undefined;
    await waitUntil(
      () => server.isPlugged,
      () => 'the adapter did not come back',
    );
    expect((await mbpollSerial(at, '4', 0, 1)).values).toEqual(['11']);
  });
});

describe('the name of a simulated serial port', () => {
  const open = (path: string) => keep(openPtyServer({ ...common, path, line: line9600, units: [fullUnit(1)] }));

  test('is there while it is plugged in, and nothing is left of it', async () => {
    const path = join(folder, 'new', 'line-1');
    const server = await open(path);
    expect(readlinkSync(path)).toMatch(/^\/dev\/pts\/\d+$/);
    await server.unplug();
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
    await server.plug();
    await server.close();
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('replaces what a simulator left that was killed', async () => {
    const path = join(folder, 'line-1');
    symlinkSync('/dev/pts/99999', path);
    await open(path);
    expect(existsSync(path)).toBe(true);
  });

  test('needs socat, and says so', async () => {
    const { PATH } = process.env;
    process.env.PATH = folder;
    try {
      await expect(open(join(folder, 'line-1'))).rejects.toMatchObject({
        kind: 'not-found',
        hint: 'install it: sudo apt-get install socat',
      });
    } finally {
      process.env.PATH = PATH;
    }
  });

  test('never takes the place of anything else', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'precious');
    await expect(open(file)).rejects.toMatchObject({ kind: 'refused' });
    const link = join(folder, 'link');
    symlinkSync('/dev/ttyUSB0', link);
    await expect(open(link)).rejects.toMatchObject({ kind: 'refused' });
    const taken = join(folder, 'taken');
    await open(taken);
    await expect(open(taken)).rejects.toMatchObject({ kind: 'busy', hint: expect.stringContaining('rm ') });
  });

  test.each(['/dev/ttyUSB7', '/dev/serial/by-id/line', '/proc/line', '/sys/line'])('is never %s', async path => {
    await expect(open(path)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('belongs to the system'),
      hint: expect.stringContaining('a folder of your own'),
    });
  });

  test('is not hidden behind a link to a folder of the system', async () => {
    symlinkSync('/dev', join(folder, 'sneaky'));
    await expect(open(join(folder, 'sneaky', 'ttyUSB7'))).rejects.toMatchObject({ kind: 'refused' });
  });
});
