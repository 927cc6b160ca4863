import { lstat, mkdir, readlink, realpath, stat, symlink, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';

/** Folders of the system: a name in them may be a real port. */
const systemFolders = /^\/(dev|proc|sys|run\/udev)(\/|$)/;

/**
 * Puts the name of a serial port where a site file looks for it: a symbolic link to a pseudo terminal. Only in a folder
 * of our own, and never over anything but such a link that leads nowhere.
 *
 * @throws PlantroomError kind `refused` for a place that is not ours, `busy` when another simulator has it, `storage`
 */
export async function linkPort(path: string, device: string): Promise<void> {
  try {
    await refuseForeignFolder(path);
    await clearPlace(path);
    await symlink(device, path);
  } catch (thrown) {
    if (thrown instanceof PlantroomError) throw thrown;
    throw new PlantroomError(`cannot make the serial port ${path}: ${messageOf(thrown)}`, {
      kind: 'storage',
      hint: 'check who owns the folder and what lies there, or give the bus another path in the site file',
      cause: thrown,
    });
  }
}

/** Takes the name away again, if it is still ours. */
export async function unlinkPort(path: string, device: string): Promise<void> {
  try {
    if ((await readlink(path)) === device) await unlink(path);
  } catch {
    // Somebody was quicker.
  }
}

/** @throws PlantroomError kind `refused` */
export async function refuseForeignFolder(path: string): Promise<void> {
  const folder = dirname(path);
  if (systemFolders.test(folder)) throw foreignFolder(path, `${folder} belongs to the system`);
  await mkdir(folder, { recursive: true });
  const real = await realpath(folder);
  if (systemFolders.test(real)) throw foreignFolder(path, `${real} belongs to the system`);
  const { uid } = await stat(real);
  if (uid !== process.getuid?.()) throw foreignFolder(path, `${real} belongs to another user`);
}

function foreignFolder(path: string, why: string): PlantroomError {
  return new PlantroomError(`the simulator makes no serial port at ${path}: ${why}`, {
    kind: 'refused',
    hint: 'give the bus a path in a folder of your own, such as var/ of this project; a real port needs no simulator',
  });
}

async function clearPlace(path: string): Promise<void> {
  if (!(await isThere(path))) return;
  const target = (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  if (target === undefined || !/^\/dev\/pts\/\d+$/.test(target)) {
    throw new PlantroomError(`${path} is there already and is no port of a simulator`, {
      kind: 'refused',
      hint: 'move it away, or give the bus another path in the site file',
    });
  }
  if (await isThere(target)) {
    throw new PlantroomError(`${path} leads to ${target}, which is in use`, {
      kind: 'busy',
      hint: `stop the other simulator; if there is none, remove the link: rm ${path}`,
    });
  }
  await unlink(path);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}
