import { existsSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * Whether the device tree says that the kernel's driver switches this port between sending and receiving. That is the
 * only place where it can be read without a system call that Node does not have; see docs/serial.md for how it is set.
 */
export function mayKernelSwitch(path: string, sysFolder = '/sys/class/tty'): boolean {
  try {
    const node = `${sysFolder}/${basename(realpathSync(path))}/device/of_node`;
    return existsSync(`${node}/linux,rs485-enabled-at-boot-time`);
  } catch {
    return false;
  }
}
