import { isIPv4 } from 'node:net';
import { PlantroomError } from '../../base/errors.ts';
import { parities, type SerialLine } from '../../model/serial-line.ts';
import { parseBaud } from './endpoint.ts';

/*
 * What is to be looked through, as people write it, made into lists. All lists are bounded, so that nobody scans a
 * company's network by a slip.
 */

/** Most hosts of one scan: a /24 without its two ends. */
const mostHosts = 254;

/** The highest unit id of a device on a serial line (Modbus over Serial Line 1.02, section 2.2). */
export const highestSerialUnit = 247;
const highestUnit = 255;

/** `1-32,40` → the numbers, each once, in order. @throws PlantroomError `usage` */
export function parseUnits(text: string): number[] {
  const units = new Set<number>();
  for (const part of text.split(',')) {
    const [, from = '', to = from] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part.trim()) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (from === '' || first > last || last > highestUnit) {
      throw usage(`--units is ${JSON.stringify(text)}, which is no list of unit ids`, 'write for example 1-32,40');
    }
    for (let unit = first; unit <= last; unit += 1) units.add(unit);
  }
  return [...units].sort((one, other) => one - other);
}

/**
 * `192.168.1.10-40`, `192.168.1.10-192.168.1.40`, `192.168.1.0/24`, a single address or name, and lists of these.
 *
 * @throws PlantroomError `usage`, also for more than a /24
 */
export function parseHosts(text: string): string[] {
  const hosts = new Set<string>();
  for (const part of text.split(',').map(item => item.trim())) {
    for (const host of hostsOf(part, text)) hosts.add(host);
    if (hosts.size > mostHosts) throw tooMany(text);
  }
  return [...hosts];
}

function hostsOf(part: string, text: string): string[] {
  const [, base = '', bits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(part) ?? [];
  if (isIPv4(base)) return hostsOfNet(numberOf(base), Number(bits), text);
  const [, from = '', to = ''] = /^([\d.]+)-([\d.]+)$/.exec(part) ?? [];
  const last = /^\d{1,3}$/.test(to) ? from.replace(/\d+$/, to) : to;
  if (isIPv4(from) && isIPv4(last)) return between(numberOf(from), numberOf(last), text);
  // Digits and dots that are no address are a slip, not a name.
  if (/^[a-z0-9][a-z0-9.-]*$/i.test(part) && !/^[\d./-]+$/.test(part)) return [part];
  if (isIPv4(part)) return [part];
  throw usage(
    `--hosts is ${JSON.stringify(text)}, which is no range of addresses`,
    'write for example 192.168.1.10-40 or 192.168.1.0/24',
  );
}

function hostsOfNet(base: number, bits: number, text: string): string[] {
  if (bits < 24 || bits > 32) throw tooMany(text);
  const size = 2 ** (32 - bits);
  const first = Math.floor(base / size) * size;
  // The first and the last address of a net are no hosts, but in the two smallest.
  return size > 2 ? between(first + 1, first + size - 2, text) : between(first, first + size - 1, text);
}

function between(first: number, last: number, text: string): string[] {
  if (last < first || last - first >= mostHosts) throw tooMany(text);
  return Array.from({ length: last - first + 1 }, (_, index) => addressOf(first + index));
}

function numberOf(address: string): number {
  return address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);
}

function addressOf(number: number): string {
  return [2 ** 24, 2 ** 16, 2 ** 8, 1].map(size => Math.floor(number / size) % 256).join('.');
}

/** Most likely first: most devices of this field leave the factory with the first, the standard says the second. */
const usualBauds = [9_600, 19_200];
const usualParities = ['none', 'even'] as const;

/**
 * Every baud rate with every parity, those of one baud rate beside each other.
 *
 * @throws PlantroomError `usage`
 */
export function parseLines(bauds: string | undefined, kinds: string | undefined, stopBits: 1 | 2 = 1): SerialLine[] {
  const rates = bauds === undefined ? usualBauds : [...new Set(bauds.split(',').map(text => parseBaud(text.trim())))];
  const words =
    kinds === undefined ? usualParities : [...new Set(kinds.split(',').map(text => parseParity(text.trim())))];
  return rates.flatMap(baudRate => words.map(parity => ({ baudRate, parity, stopBits })));
}

function parseParity(text: string): SerialLine['parity'] {
  const parity = parities.find(known => known === text);
  if (parity) return parity;
  throw usage(`--parity is ${JSON.stringify(text)}, which it does not know`, `give some of ${parities.join(',')}`);
}

function tooMany(text: string): PlantroomError {
  return usage(
    `--hosts ${text} is empty or more than ${mostHosts} hosts`,
    'give at most a /24, and scan the next one after it',
  );
}

function usage(message: string, hint: string): PlantroomError {
  return new PlantroomError(message, { kind: 'usage', hint });
}
