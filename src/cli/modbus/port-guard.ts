import { PlantroomError } from '../../base/errors.ts';
import { findHolder } from './port-holder.ts';
import { mayOpen, readGroup, realPath } from './serial-ports.ts';

/**
 * Looks at a serial port before it is opened: whether it is there, whether we may, and whether another program has it.
 *
 * @throws PlantroomError `not-found`, `refused` or `busy`
 */
export function checkPort(path: string): void {
  const real = realPath(path);
  if (real === undefined) {
    throw new PlantroomError(`there is no port ${path}`, {
      kind: 'not-found',
      hint: 'plug the adapter in and look for it with: plantroom ports',
    });
  }
  if (!mayOpen(real)) {
    throw new PlantroomError(`no permission to open ${path}`, {
      kind: 'refused',
      hint: rightsHint(readGroup('/', real)),
    });
  }
  // Who makes a pseudo terminal may keep both of its ends; there the lock alone has to do.
  const holder = real.startsWith('/dev/pts/') ? undefined : findHolder(real);
  if (!holder) return;
  throw new PlantroomError(`${path} is held by ${holder.name} (process ${holder.pid})`, {
    kind: 'busy',
    hint: 'end that program first: two programs on one line destroy the frames of each other',
  });
}

/** @param group who may open the port; empty or undefined where that is not known */
export function rightsHint(group: string | undefined | null): string {
  if (group === 'root') return 'only root may: use sudo, or let udev give the port to a group';
  return `sudo usermod -aG ${group || 'dialout'} $USER, then log out and in again`;
}
