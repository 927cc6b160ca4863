import type { BacnetIpBus } from '../../model/bus.ts';
import { bacnetPort } from '../../model/bus.ts';
import type { DeviceDraft, PointDraft } from './draft.ts';

/** Drafts as lines of YAML, in dashes and in braces. A remark is a comment, so it ends its line. */
export interface YamlItem {
  readonly block: readonly string[];
  readonly flow: readonly string[];
}

type Pair = readonly [key: string, value: string];

export function deviceYaml(draft: DeviceDraft): YamlItem {
  const head: Pair[] = [
    ['id', scalar(draft.id)],
    ['name', scalar(draft.name)],
    ['bus', scalar(draft.bus)],
    ['instance', String(draft.instance)],
    ...placePairs(draft),
  ];
  const points = draft.points.map((point, index) => pointLine(point, index === draft.points.length - 1));
  return {
    block: [...head.map(([key, value]) => `${key}: ${value}`), 'points:', ...points.map(({ block }) => `  - ${block}`)],
    flow: [
      `{ ${head.map(([key, value]) => `${key}: ${value}`).join(', ')}, points: [`,
      ...points.map(({ flow }) => `    ${flow}`),
      '  ] }',
    ],
  };
}

export function busYaml({ id, address, port, broadcast, foreign }: BacnetIpBus): YamlItem {
  const pairs: Pair[] = [
    ['id', scalar(id)],
    ['protocol', 'bacnet-ip'],
    ...(address === '0.0.0.0' ? [] : [['address', address] as const]),
    ...(port === bacnetPort ? [] : [['port', String(port)] as const]),
    ...(broadcast === undefined ? [] : [['broadcast', broadcast] as const]),
    ...(foreign ? [['foreign', foreignText(foreign)] as const] : []),
  ];
  const text = pairs.map(([key, value]) => `${key}: ${value}`).join(', ');
  return { block: [`{ ${text} }`], flow: [`{ ${text} }`] };
}

export function foreignText({ host, port }: NonNullable<BacnetIpBus['foreign']>): string {
  return port === bacnetPort ? `{ host: ${host} }` : `{ host: ${host}, port: ${port} }`;
}

function placePairs({ place, busPort }: DeviceDraft): Pair[] {
  if (!place) return [];
  const { host, port, network, mac } = place;
  const isUsual = port === bacnetPort && busPort === bacnetPort;
  const routed: Pair[] = network === 0 ? [] : [['network', `{ number: ${network}, mac: "${mac}" }`]];
  return [['address', isUsual ? host : `"${host}:${port}"`], ...routed];
}

function pointLine({ id, name, object, keys, remark }: PointDraft, isLast: boolean): { block: string; flow: string } {
  const pairs = [
    `id: ${scalar(id)}`,
    ...(name === id ? [] : [`name: ${scalar(name)}`]),
    `object: ${object}`,
    ...keys.map(([key, value]) => `${key}: ${valueText(value)}`),
  ];
  const map = `{ ${pairs.join(', ')} }`;
  const comment = remark === undefined ? '' : ` # ${remark}`;
  return { block: map + comment, flow: map + (isLast ? '' : ',') + comment };
}

function valueText(value: PointDraft['keys'][number][1]): string {
  if (typeof value === 'string') return scalar(value);
  if (typeof value === 'object') return `{ ${value.map(([number, text]) => `${number}: ${scalar(text)}`).join(', ')} }`;
  return String(value);
}

/** Words that other readers of YAML take for something else. */
const reserved = /^(true|false|yes|no|on|off|null|y|n|~)$/i;

/** In quotes unless nobody could take it for anything but a text. */
export function scalar(text: string): string {
  const isPlain = /^[\p{L}°][\p{L}\p{N}°/_.³ -]*$/u.test(text) && !/\s$|\s{2}| -|- /.test(text) && !reserved.test(text);
  return isPlain ? text : JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, escaped);
}

/** What JSON lets stand and YAML does not. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
