import { isIPv4 } from 'node:net';
import { type BacnetQuestion, mostPropertiesAsked } from '../driver.ts';
import { mostBacnetInstance } from '../model/bacnet-names.ts';
import type { BacnetPlace, BacnetProperty, BacnetTarget } from '../model/bacnet-view.ts';
import { objectOf, usage, whole } from './body.ts';

type Raw = Readonly<Record<string, unknown>>;

/** The wire has room for no more. */
const most = { objectType: 1_023, property: 4_194_303, index: 4_294_967_295, port: 65_535, network: 65_534 } as const;
/** Stands for the Device object of whoever is asked. */
const anyInstance = 4_194_303;

/** @throws PlantroomError `usage` */
export function parseBacnetRead(question: Raw): BacnetQuestion & { kind: 'bacnet-read' } {
  const { properties } = question;
  if (!Array.isArray(properties) || properties.length === 0 || properties.length > mostPropertiesAsked) {
    throw usage(`question.properties must be a list of 1 to ${mostPropertiesAsked} properties`);
  }
  return {
    kind: 'bacnet-read',
    target: parseTarget(objectOf(question.target, 'question.target')),
    properties: properties.map((property, index) => parseProperty(property, `question.properties[${index}]`)),
  };
}

/** @throws PlantroomError `usage` */
export function parseWhoIs({ range, at }: Raw): BacnetQuestion & { kind: 'who-is' } {
  return {
    kind: 'who-is',
    range: isAbsent(range) ? undefined : parseRange(objectOf(range, 'question.range')),
    at: isAbsent(at) ? undefined : parsePlace(objectOf(at, 'question.at'), 'question.at'),
  };
}

function parseRange(raw: Raw) {
  const low = whole(raw.low, 'question.range.low', 0, mostBacnetInstance);
  return { low, high: whole(raw.high, 'question.range.high', low, mostBacnetInstance) };
}

function parseTarget(raw: Raw): BacnetTarget {
  if (raw.kind === 'instance') {
    return { kind: 'instance', instance: whole(raw.instance, 'question.target.instance', 0, mostBacnetInstance) };
  }
  if (raw.kind !== 'place') throw usage('question.target.kind must be "instance" or "place"');
  const name = 'question.target.place';
  return { kind: 'place', place: parsePlace(objectOf(raw.place, name), name) };
}

function parsePlace({ host, port, network, mac }: Raw, name: string): BacnetPlace {
  if (typeof host !== 'string' || !isIPv4(host)) throw usage(`${name}.host must be an IPv4 address`);
  if (typeof mac !== 'string' || !/^([0-9a-f]{2}){0,7}$/.test(mac)) throw usage(`${name}.mac must be hex, or empty`);
  return {
    host,
    port: whole(port, `${name}.port`, 1, most.port),
    network: whole(network, `${name}.network`, 0, most.network),
    mac,
  };
}

function parseProperty(value: unknown, name: string): BacnetProperty {
  const raw = objectOf(value, name);
  return {
    objectType: whole(raw.objectType, `${name}.objectType`, 0, most.objectType),
    instance: whole(raw.instance, `${name}.instance`, 0, anyInstance),
    property: whole(raw.property, `${name}.property`, 0, most.property),
    index: isAbsent(raw.index) ? undefined : whole(raw.index, `${name}.index`, 0, most.index),
  };
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}
