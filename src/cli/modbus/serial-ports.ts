import { accessSync, constants, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A serial port of this machine with hardware behind it. Plain JSON data. */
export interface SerialPortView {
  /** The name that stays when the plug is moved or the machine starts anew, where there is one. */
  readonly path: string;
  /** /dev/ttyUSB0 */
  readonly kernelPath: string;
  readonly vendor: string | null;
  readonly product: string | null;
  readonly serialNumber: string | null;
  /** `0403:6001`, of a USB adapter. */
  readonly usbId: string | null;
  /** The kernel's driver: ch341, ftdi_sio, cp210x. */
  readonly driver: string | null;
  /** How long a USB adapter keeps received bytes back, where the kernel can change it. */
  readonly latencyMs: number | null;
  readonly mayOpen: boolean;
  /** The group that may open it, by its name. */
  readonly group: string | null;
}

/** More ports than this are no plant room's; the rest is left out. */
const mostPorts = 256;

/**
 * Reads what udev and the kernel show: /dev/serial/by-id, then by-path, then the kernel's own name.
 *
 * @param root the folder that holds dev, sys and etc
 */
export function readSerialPorts(root = '/'): SerialPortView[] {
  const stableNames = readStableNames(root);
  return listFolder(join(root, 'sys/class/tty'))
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
    .flatMap(name => readPort(root, name, stableNames) ?? [])
    .slice(0, mostPorts);
}

function readPort(root: string, name: string, stableNames: ReadonlyMap<string, string>): SerialPortView | undefined {
  const folder = join(root, 'sys/class/tty', name);
  const device = realPath(join(folder, 'device'));
  // Terminals and pseudo terminals have no device; a UART of type 0 was never found (serial_core.h, PORT_UNKNOWN).
  if (device === undefined || name.startsWith('hvc') || readText(join(folder, 'type')) === '0') return undefined;
  const kernelPath = join('/dev', name);
  const node = join(root, 'dev', name);
  const usb = findUsb(device);
  const group = readGroup(root, node);
  if (group === undefined) return undefined;
  return {
    path: stableNames.get(name) ?? kernelPath,
    kernelPath,
    vendor: usb?.vendor ?? null,
    product: usb?.product ?? null,
    serialNumber: usb?.serialNumber ?? null,
    usbId: usb?.id ?? null,
    driver: findDriver(device) ?? null,
    latencyMs: readNumber(join(device, 'latency_timer')),
    mayOpen: mayOpen(node),
    group: group === '' ? null : group,
  };
}

/** Kernel name → stable path; a name by id is better than one by place. */
function readStableNames(root: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const kind of ['by-path', 'by-id']) {
    const folder = join('dev/serial', kind);
    for (const entry of listFolder(join(root, folder))) {
      const target = linkName(join(root, folder, entry));
      if (target !== undefined) names.set(target, join('/', folder, entry));
    }
  }
  return names;
}

/** From a port up to the USB device that it is part of. */
const mostLevels = 6;

function findUsb(device: string) {
  let folder = device;
  for (let level = 0; level < mostLevels; level += 1) {
    const vendorId = readText(join(folder, 'idVendor'));
    if (vendorId !== undefined) {
      return {
        id: `${vendorId}:${readText(join(folder, 'idProduct')) ?? ''}`,
        vendor: readText(join(folder, 'manufacturer')),
        product: readText(join(folder, 'product')),
        serialNumber: readText(join(folder, 'serial')),
      };
    }
    folder = dirname(folder);
  }
  return undefined;
}

/** Newer kernels put a port and its controller between the terminal and the hardware, with drivers of these names. */
const innerDrivers = ['port', 'ctrl'];

function findDriver(device: string): string | undefined {
  let folder = device;
  for (let level = 0; level < mostLevels; level += 1) {
    const name = linkName(join(folder, 'driver'));
    if (name !== undefined && !innerDrivers.includes(name)) return name;
    folder = dirname(folder);
  }
  return undefined;
}

export function mayOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The name of the group of a file, empty where it has none; undefined where there is no file. */
export function readGroup(root: string, path: string): string | undefined {
  try {
    const { gid } = statSync(path);
    const lines = (readText(join(root, 'etc/group')) ?? '').split('\n').map(line => line.split(':'));
    return lines.find(([, , id]) => id === String(gid))?.[0] ?? '';
  } catch {
    return undefined;
  }
}

/** The path without links: two names of one port become one. Undefined where there is nothing. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function linkName(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch {
    return undefined;
  }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function readNumber(path: string): number | null {
  const text = readText(path);
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : null;
}
