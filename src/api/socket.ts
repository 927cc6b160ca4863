import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { relative } from 'node:path';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';

/** Longest path of a Unix socket in bytes: sun_path is 108 with its closing zero (unix(7)). */
const longestSocketPathBytes = 107;

/**
 * The spelling of a socket path that the system takes: the path itself or, where that is too long, the path from the
 * current folder.
 *
 * @throws PlantroomError `usage` when both are too long
 */
export function socketAddress(socketPath: string): string {
  const fits = (path: string) => Buffer.byteLength(path) <= longestSocketPathBytes;
  if (fits(socketPath)) return socketPath;
  const fromHere = relative('', socketPath);
  if (fits(fromHere)) return fromHere;
  throw new PlantroomError(`the socket path is longer than ${longestSocketPathBytes} bytes: ${socketPath}`, {
    kind: 'usage',
    hint: 'give a shorter one, for example --socket /run/plantroom/plantroom.sock',
  });
}

/**
 * What stands behind a socket path: a process that accepts (`live`), a file that nobody listens on (`dead`), nothing at
 * all (`absent`), a socket we may not open (`forbidden`), or a file that is no socket (`foreign`).
 */
type SocketState = 'live' | 'dead' | 'absent' | 'forbidden' | 'foreign';

/** Looks behind a socket path by connecting to it once. Nothing is sent. */
export async function probeSocket(socketPath: string): Promise<SocketState> {
  const address = socketAddress(socketPath);
  try {
    const file = await lstat(address);
    if (!file.isSocket() && !file.isSymbolicLink()) return 'foreign';
  } catch (thrown) {
    const code = codeOf(thrown);
    return code === 'EACCES' || code === 'EPERM' ? 'forbidden' : 'absent';
  }
  return new Promise(resolve => {
    const socket = connect({ path: address });
    socket.once('connect', () => {
      socket.destroy();
      resolve('live');
    });
    socket.once('error', error => resolve(stateFromCode(codeOf(error))));
  });
}

function stateFromCode(code: string | undefined): SocketState {
  switch (code) {
    case 'ECONNREFUSED':
      return 'dead';
    case 'ENOENT':
      return 'absent';
    case 'EACCES':
    case 'EPERM':
      return 'forbidden';
    default:
      // A full backlog (EAGAIN) and whatever else: somebody holds it, so it is not ours to remove.
      return 'live';
  }
}

/**
 * Makes room for our own socket: removes the file that a dead daemon left behind.
 *
 * @throws PlantroomError `busy` when another process holds it, or it is not a socket at all
 */
export async function claimSocketPath(socketPath: string): Promise<void> {
  const state = await probeSocket(socketPath);
  switch (state) {
    case 'absent':
      return;
    case 'dead':
      await removeDead(socketPath);
      return;
    case 'foreign':
      throw new PlantroomError(`${socketPath} exists and is no socket`, {
        kind: 'busy',
        hint: 'move that file away, or give another path with --socket',
      });
    case 'live':
    case 'forbidden':
      throw new PlantroomError(`another daemon already listens on ${socketPath}`, {
        kind: 'busy',
        hint: 'stop it first, or give this one its own --data and --socket',
      });
  }
}

async function removeDead(socketPath: string): Promise<void> {
  try {
    await unlink(socketAddress(socketPath));
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return;
    throw new PlantroomError(`cannot remove the old socket ${socketPath}: ${messageOf(thrown)}`, {
      kind: 'storage',
      hint: 'check who owns the folder, or give another path with --socket',
      cause: thrown,
    });
  }
}
