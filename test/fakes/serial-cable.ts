import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './mosquitto.ts';
import { waitUntil } from './wait-until.ts';

/** Two serial ports joined by a cable, made of socat. Bytes arrive as fast as the machine is. */
export interface SerialCable extends AsyncDisposable {
  /** Our end: the path of a port. */
  readonly near: string;
  /** The device's end. */
  readonly far: string;
  /** Pulls the cable: both ports are gone. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
}

export async function openSerialCable(): Promise<SerialCable> {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-cable-'));
  const [near, far] = [join(folder, 'near'), join(folder, 'far')];
  let cable: ChildProcess | undefined;

  const plug = async () => {
    cable = startSocat(`pty,rawer,echo=0,link=${near}`, `pty,rawer,echo=0,link=${far}`);
    await waitUntil(
      () => existsSync(near) && existsSync(far),
      () => 'socat made no ports',
    );
  };
  const unplug = async () => {
    await endSocat(cable);
    cable = undefined;
  };
  await plug();
  return {
    near,
    far,
    plug,
    unplug,
    async [Symbol.asyncDispose]() {
      await unplug();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A serial device server: one TCP connection at a time is passed on to a serial port. */
export async function openDeviceServer(path: string): Promise<AsyncDisposable & { readonly port: number }> {
  const port = await findFreePort();
  const server = startSocat(
    `tcp-listen:${port},bind=127.0.0.1,reuseaddr,fork,max-children=1`,
    `open:${path},rawer,echo=0`,
  );
  await waitUntilListening(port);
  return { port, [Symbol.asyncDispose]: () => endSocat(server) };
}

function startSocat(near: string, far: string): ChildProcess {
  return spawn('socat', [near, far], { stdio: 'ignore' });
}

async function endSocat(socat: ChildProcess | undefined): Promise<void> {
  if (!socat || socat.exitCode !== null || socat.signalCode !== null) return;
  const gone = new Promise(resolve => socat.once('exit', resolve));
  socat.kill('SIGTERM');
  await gone;
}

async function waitUntilListening(port: number): Promise<void> {
  let isListening = false;
  const knock = () => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      isListening = true;
      socket.destroy();
    });
    socket.once('error', () => setTimeout(knock, 20));
  };
  knock();
  await waitUntil(
    () => isListening,
    () => 'socat does not listen',
  );
}
