import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect } from 'vitest';
import { accumulator, analog, binary, multistate, type SimObject } from '../../../src/sim/bacnet/object.ts';
import { type BacnetNetwork, type BacnetOptions, startBacnetDevices } from '../../../src/sim/bacnet/start.ts';
import { settle } from '../../fakes/virtual-clock.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

export const patience = { timeout: 10_000 };

/** A frame that came, as hex, and from where. */
export interface Heard {
  readonly hex: string;
  readonly from: string;
}

/** A bare UDP socket that speaks hex. */
export interface Wire {
  readonly port: number;
  readonly heard: Heard[];
  send(hex: string, to: { readonly host: string; readonly port: number }): void;
  /** The next frame that was not taken yet; waits for it. */
  next(): Promise<string>;
  /** APDUs heard so far behind a plain NPDU. */
  apdus(): string[];
}

/** `host` 127.0.0.1 without it; port 0 takes a free one. */
export async function openWire(host = '127.0.0.1', port = 0): Promise<Wire> {
  const socket = createSocket({ type: 'udp4', reuseAddr: host.endsWith('.255') });
  const heard: Heard[] = [];
  let taken = 0;
  socket.on('message', (bytes, from) =>
    heard.push({ hex: bytes.toString('hex'), from: `${from.address}:${from.port}` }),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, resolve);
  });
  socket.setBroadcast(true);
  closers.push(() => new Promise(resolve => socket.close(() => resolve())));
  return {
    port: socket.address().port,
    heard,
    send: (hex, to) => socket.send(bytesOf(hex), to.port, to.host),
    async next() {
      await expect.poll(() => heard.length, patience).toBeGreaterThan(taken);
      taken += 1;
      return heard[taken - 1]?.hex ?? '';
    },
    apdus: () => heard.map(({ hex }) => apduOf(hex)),
  };
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

/** An APDU in a unicast frame on the IP network itself. */
export function frame(apdu: string, npdu = '0104'): string {
  const body = `${npdu}${apdu}`.replaceAll(' ', '');
  return `810a${(4 + body.length / 2).toString(16).padStart(4, '0')}${body}`;
}

/** The APDU of a frame; an NPDU with addresses is kept whole. */
export function apduOf(hex: string): string {
  return /^810a....010[04]/.test(hex) ? hex.slice(12) : hex;
}

export const usualObjects = (): SimObject[] => [
  analog(1, 'supply', 21.5, { units: 62, covIncrement: 0.5 }),
  binary(2, 'running', true),
  multistate(3, 'mode', 2, ['off', 'on', 'auto']),
  accumulator(4, 'energy', 123_456, 19),
];

/** Starts devices that are stopped after the test; every frame that leaves is kept. */
export async function startRig(options: BacnetOptions) {
  const sent: string[] = [];
  const network = await startBacnetDevices({
    port: 0,
    ...options,
    onSent: (bytes, from, to) => {
      sent.push(bytes.toString('hex'));
      options.onSent?.(bytes, from, to);
    },
  });
  closers.push(() => network.stop());
  return { network, sent };
}

export async function startOne(
  more: Partial<BacnetOptions['devices'][number]> = {},
  options: Partial<BacnetOptions> = {},
) {
  const device = { instance: 1_001, host: '127.0.0.2', objects: usualObjects(), ...more };
  const rig = await startRig({ devices: [device], ...options });
  const wire = await openWire();
  const one = deviceAt(rig.network, 0);
  const ask = (apdu: string, npdu?: string) => wire.send(frame(apdu, npdu), one.address);
  return { ...rig, device: one, wire, ask };
}

export function deviceAt(network: BacnetNetwork, index: number): BacnetNetwork['devices'][number] {
  const device = network.devices[index];
  if (!device) throw new Error(`no device ${index}`);
  return device;
}

/** Long enough for a datagram on the loopback interface to be answered. */
export async function settleWire(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await settle();
}

const run = promisify(execFile);

/** What tshark makes of frames: the protocols of each, and whether it is malformed. */
export async function dissect(
  frames: readonly string[],
): Promise<{ readonly protocols: string; readonly isMalformed: boolean; readonly info: string }[]> {
  const folder = await mkdtemp(join(tmpdir(), 'plantroom-tshark-'));
  try {
    const lines = frames.map(hex => `000000 ${hex.replace(/../g, '$& ')}`);
    await writeFile(join(folder, 'frames.txt'), `${lines.join('\n')}\n`);
    const pcap = join(folder, 'frames.pcap');
    await run('text2pcap', ['-q', '-u', '47808,47808', join(folder, 'frames.txt'), pcap]);
    const fields = ['frame.protocols', '_ws.malformed', '_ws.col.Info'].flatMap(field => ['-e', field]);
    const { stdout } = await run('tshark', ['-r', pcap, '-T', 'fields', ...fields], { maxBuffer: 2 ** 26 });
    return stdout
      .trimEnd()
      .split('\n')
      .map(line => {
        const [protocols = '', malformed = '', info = ''] = line.split('\t');
        return { protocols, isMalformed: malformed !== '' || /malformed/i.test(info), info };
      });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
