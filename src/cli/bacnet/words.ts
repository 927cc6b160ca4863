import { isIPv4 } from 'node:net';
import { PlantroomError } from '../../base/errors.ts';
import {
  bacnetObjectTypes,
  bacnetProperties,
  mostBacnetInstance,
  objectTypeOf,
  propertyOf,
} from '../../model/bacnet-names.ts';

/* What people write of devices, objects and networks, made into numbers. Everything throws PlantroomError `usage`. */

export interface InstanceRange {
  readonly low: number;
  readonly high: number;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface ObjectName {
  readonly objectType: number;
  readonly instance: number;
}

/** `1001`, `1000..1999` or `1000-1999`, both ends included. */
export function parseInstances(option: string, text: string): InstanceRange {
  const [, from = '', to = from] = /^(\d{1,7})(?:(?:\.\.|-)(\d{1,7}))?$/.exec(text.trim()) ?? [];
  const [low, high] = [Number(from), Number(to)];
  if (from !== '' && low <= high && high <= mostBacnetInstance) return { low, high };
  throw usage(
    `${option} is ${JSON.stringify(text)}, which is no range of device instances`,
    `write for example 1000..1999; instances go up to ${mostBacnetInstance}`,
  );
}

/** `10.0.0.5` or `10.0.0.5:47809`. A name is not taken: answers are told apart by their address. */
export function parseHost(option: string, text: string, usualPort: number): HostPort {
  const [host = '', port = String(usualPort), ...rest] = text.split(':');
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (isIPv4(host) && rest.length === 0 && number >= 1 && number <= 65_535) return { host, port: number };
  throw usage(
    `${option} is ${JSON.stringify(text)}, which is no IPv4 address`,
    'write for example 10.0.0.5, or with another port 10.0.0.5:47809',
  );
}

export interface RoutedPlace {
  /** 1 to 65534. */
  readonly network: number;
  /** In hex; empty for all of that network. */
  readonly mac: string;
}

/** `200` for a network behind a router, `200:0c` for one address in it. */
export function parseNetwork(option: string, text: string): RoutedPlace {
  const [, number = '', mac = ''] = /^(\d{1,5})(?::((?:[0-9a-f]{2}){1,7}))?$/i.exec(text) ?? [];
  const network = Number(number);
  if (number !== '' && network >= 1 && network <= 65_534) return { network, mac: mac.toLowerCase() };
  throw usage(
    `${option} is ${JSON.stringify(text)}, which is no network behind a router`,
    'write its number, 1 to 65534, or with the address of one device in hex: 200:0c',
  );
}

/** `analog-input:3` or `analog-input 3` in one word, or in two; just `device` is the Device object of that instance. */
export function parseObject(words: string, deviceInstance: number | undefined): ObjectName {
  const [type = '', number, ...rest] = words.trim().split(/[\s:,]+/);
  const objectType = objectTypeOf(type);
  if (objectType === undefined) {
    throw usage(
      `${JSON.stringify(type)} is no type of object`,
      `write it as the standard does: ${closest(type, bacnetObjectTypes)}; or as the number of a proprietary type`,
    );
  }
  if (number === undefined && type === 'device' && deviceInstance !== undefined)
    return { objectType, instance: deviceInstance };
  const instance = number !== undefined && /^\d{1,7}$/.test(number) ? Number(number) : Number.NaN;
  if (instance <= mostBacnetInstance && rest.length === 0) return { objectType, instance };
  throw usage(
    `${JSON.stringify(words)} does not say which ${type} is meant`,
    `give its number, 0 to ${mostBacnetInstance}: ${type} 3, or ${type}:3`,
  );
}

export interface PropertyName {
  readonly property: number;
  readonly index: number | undefined;
}

/** `present-value`, a number, or an element of an array: `state-text[2]`. */
export function parseProperty(text: string): PropertyName {
  const [, name = '', index] = /^([a-z0-9-]+)(?:\[(\d{1,6})\])?$/.exec(text) ?? [];
  const property = name === '' ? undefined : propertyOf(name);
  if (property !== undefined) return { property, index: index === undefined ? undefined : Number(index) };
  throw usage(
    `${JSON.stringify(text)} is no property`,
    `write it as the standard does: ${closest(name || text, bacnetProperties)}; or as the number of a proprietary one`,
  );
}

/** True for what can only be an object of BACnet: Modbus addresses begin with a digit and have no colon. */
export function looksLikeObject(text: string): boolean {
  return /^[a-z]/i.test(text) || /^\d+:\d+$/.test(text) || /\s/.test(text.trim());
}

/** A few names that begin as the word does, or that hold it. */
function closest(word: string, names: readonly string[]): string {
  const begins = names.filter(name => name.startsWith(word.slice(0, 4).toLowerCase()));
  return (begins.length > 0 ? begins : names).slice(0, 3).join(', ');
}

function usage(message: string, hint: string): PlantroomError {
  return new PlantroomError(message, { kind: 'usage', hint });
}
