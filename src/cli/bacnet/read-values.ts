import type { BacnetProperty, BacnetShown, BacnetTarget } from '../../model/bacnet-view.ts';
import type { BacnetAsker } from './bus-choice.ts';

/** Properties that the command line asks for (clause 21). */
export const properties = {
  activeText: 4,
  description: 28,
  inactiveText: 46,
  modelName: 70,
  objectList: 76,
  objectName: 77,
  outOfService: 81,
  presentValue: 85,
  reliability: 103,
  scale: 187,
  stateText: 110,
  statusFlags: 111,
  units: 117,
  vendorName: 121,
} as const;

export const deviceType = 8;

/** What a device says of some properties, in their order; undefined where it says nothing at all, with the reason. */
export type ReadAnswer =
  | { readonly kind: 'read'; readonly values: readonly BacnetShown[]; readonly responseMs: number }
  | { readonly kind: 'failed'; readonly detail: string };

/** For what is only shown: what fails is a value that is missing, never an exception. */
export async function readValues(
  asker: BacnetAsker,
  target: BacnetTarget,
  asked: readonly BacnetProperty[],
  timeoutMs: number,
): Promise<ReadAnswer> {
  const answer = await asker.ask({ kind: 'bacnet-read', target, properties: asked }, timeoutMs);
  if (answer.kind === 'bacnet-values') return { kind: 'read', values: answer.values, responseMs: answer.responseMs };
  return { kind: 'failed', detail: answer.kind === 'failed' ? answer.detail : 'an answer to another question' };
}

/** What a property says, in words; undefined where it says nothing. */
export function textOf(shown: BacnetShown | undefined): string | undefined {
  if (shown?.kind !== 'values' || shown.values.length === 0) return undefined;
  return shown.values.map(({ text }) => text).join(', ');
}

export function numberOf(shown: BacnetShown | undefined): number | undefined {
  return (shown?.kind === 'values' && shown.values.length === 1 ? shown.values[0]?.number : undefined) ?? undefined;
}

/** The texts of a list; empty where there is none. */
export function textsOf(shown: BacnetShown | undefined): string[] {
  return shown?.kind === 'values' ? shown.values.map(({ text }) => text) : [];
}

const flagNames = ['in-alarm', 'fault', 'overridden', 'out-of-service'] as const;

/** Which of the status flags are set; undefined where the object has none. */
export function flagsOf(shown: BacnetShown | undefined): string[] | undefined {
  const text = textOf(shown);
  if (text === undefined || !/^[01]{4}$/.test(text)) return undefined;
  return flagNames.filter((_, bit) => text[bit] === '1');
}

/**
 * By what the count of an accumulator is multiplied (BACnetScale: a REAL, or a power of ten); undefined where it does not say.
 * It comes as a choice, so only its bytes are known: `[1] fe` is 0.01.
 */
export function scaleOf(shown: BacnetShown | undefined): number | undefined {
  const [, choice = '', hex = ''] = /^\[([01])\] ([0-9a-f]+)$/.exec(textOf(shown) ?? '') ?? [];
  const bytes = Buffer.from(hex, 'hex');
  if (choice === '0') return bytes.length === 4 ? bytes.readFloatBE() : undefined;
  if (choice !== '1' || bytes.length < 1 || bytes.length > 4) return undefined;
  // 10 ** -2 is not quite 0.01.
  return Number(`1e${bytes.readIntBE(0, bytes.length)}`);
}
