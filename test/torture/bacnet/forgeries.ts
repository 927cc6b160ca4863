import type { Random } from '../../../src/base/random.ts';
import { below } from './damage.ts';
import { datagramOf, hex } from './datagrams.ts';
import { apduAtOf, unseenSpans } from './spans.ts';

/* Hand-made messages of those who lie, of devices with faults in their program, and of others' networks. */

function word(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

function pick<Item>(random: Random, items: readonly [Item, ...Item[]]): Item {
  return items[below(random, items.length)] ?? items[0];
}

/** Numbers as application tags: those at the ends of each width, and what is no number at all. */
const unsignedTags = ['2100', '2101', '2131', '2132', '2201e0', '2205c4', '22ffff', '23ffffff', '24ffffffff'] as const;
const absurdTags = [
  '20',
  '2508ffffffffffffffff',
  '25ffffffffff',
  '00',
  '11',
  '4441a00000',
  '7100',
  '3e',
  '3f',
  '',
] as const;
const enumeratedTags = ['9100', '9101', '9103', '9104', '91ff', '94ffffffff', '90', ''] as const;

/** Who am I: an I-Am of this instance with fields that are extreme or none at all. */
export function extremeIAm(random: Random, instance: number, npdu: string): Buffer {
  const field = () => (random.next() < 0.7 ? pick(random, unsignedTags) : pick(random, absurdTags));
  const who =
    random.next() < 0.9 ? `c4${word(0x02000000 | instance)}` : pick(random, ['c402', 'c5ff', `c4${word(instance)}`]);
  const tail = pick(random, ['', '', '', '00', '2104', '3e3f']);
  return datagramOf(hex(`1000 ${who} ${field()} ${pick(random, enumeratedTags)} ${field()} ${tail}`), npdu);
}

/** A well-formed I-Am. */
export function plainIAm(instance: number, npdu = '0100'): Buffer {
  return datagramOf(hex(`1000 c4${word(0x02000000 | instance)} 2205c4 9100 2104`), npdu);
}

export interface ToldPlace {
  readonly device: number;
  readonly objectType: number;
  readonly instance: number;
}

/** The process id that the gateway gives itself, seen in what it sends. */
const ourProcess = '0b1cce30';

/** A notification that is nothing to believe: not of our subscription, or with no number in it. */
export function wrongNotification(random: Random, { device, objectType, instance }: ToldPlace, npdu: string): Buffer {
  const value = `44${word(0x41000000 + below(random, 1_000))}`;
  const object = word(objectType * 0x400000 + instance);
  const of = (process: string, lists: string, deviceWord = word(0x02000000 | device), objectWord = object) =>
    `${process} 1c${deviceWord} 2c${objectWord} 39c8 ${lists}`;
  const lists = `4e 09552e ${value} 2f 096f2e 820400 2f 4f`;
  const body = pick(random, [
    of('0907', lists),
    of('0b1cce31', lists),
    of('0cffffffff', lists),
    of('0d080000000000000001', lists),
    of(ourProcess, lists, word(0x02000000 | (device + 1))),
    of(ourProcess, lists, word(device)),
    of(ourProcess, lists, undefined, word(objectType * 0x400000 + 4_100_000)),
    of(ourProcess, lists.slice(0, -2)),
    of(ourProcess, `${lists} 00`),
    of(ourProcess, `4e 09552e ${value} ${value} 2f 4f`),
    of(ourProcess, '4e 4f'),
    of(ourProcess, '4e 09552e 2f 4f'),
    of(ourProcess, '4e 09552e 44 7fc00000 2f 4f'),
    of(ourProcess, '4e 09552e 44 7f800000 2f 4f'),
    of(ourProcess, '4e 09552e 2508ffffffffffffffff 2f 4f'),
    of(ourProcess, `4e 0955 1901 2e ${value} 2f 4f`),
    of(ourProcess, `4e 09552e 3e ${value} 3f 2f 4f`),
    of(ourProcess, '4e 09552e 75ffffffffff 2f 4f'),
    of(ourProcess, `4e 09552e ${'3e'.repeat(12)}${'3f'.repeat(12)} 2f 4f`),
    of(ourProcess, `4e ${`09702e ${value} 2f`.repeat(60)} 4f`),
    ourProcess,
  ]);
  const head = random.next() < 0.5 ? '1002' : `0005 ${below(random, 256).toString(16).padStart(2, '0')} 01`;
  return datagramOf(hex(`${head} ${body}`), npdu);
}

/** A notification that would be right if it came from the device. */
export function likelyNotification(random: Random, { device, objectType, instance }: ToldPlace): Buffer {
  const object = word(objectType * 0x400000 + instance);
  const value = `44${word(0x41000000 + below(random, 1_000))}`;
  return datagramOf(
    hex(`1002 ${ourProcess} 1c${word(0x02000000 | device)} 2c${object} 39c8 4e 09552e ${value} 2f 096f2e 820400 2f 4f`),
  );
}

/** A router says that it cannot reach a network, or something like that. */
export function rejectToNetwork(random: Random): Buffer {
  const network = pick(random, ['00c8', '00c9', '0000', 'ffff', '']);
  return datagramOf(hex(`03 ${pick(random, ['00', '01', '02', '04', 'ff'])} ${network}`), '0180');
}

/** A result, and whatever else BBMDs say; no refusal of a registration. */
export function bbmdWord(random: Random): Buffer {
  const words = [
    '8100 0006 0000',
    '8100 0006 0030',
    '8100 0006 0060',
    '8100 0006 ffff',
    '8100 0005 00',
    '8100 0004',
  ] as const;
  return hex(
    pick(random, [...words, '8103 0004', '8107 000e 7f000002bac0003c0046', '8105 0006 003c', '8109 0008 0100 1008']),
  );
}

/** A refusal of the request with this id. */
export function refusal(random: Random, invokeId: number, service: number, npdu: string): Buffer {
  const id = invokeId.toString(16).padStart(2, '0');
  const asked = service.toString(16).padStart(2, '0');
  const code = below(random, 14).toString(16).padStart(2, '0');
  return datagramOf(hex(pick(random, [`50${id}${asked}910091 19`, `60${id}${code}`, `71${id}${code}`])), npdu);
}

/** The network layer of an answer, as hex, with its source. */
export function npduOf(answer: Buffer): string {
  return answer.subarray(4, apduAtOf(answer)).toString('hex');
}

/** The answer with other values in it. */
export function poisoned(answer: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(answer);
  for (const { from, to } of unseenSpans(answer)) {
    for (let at = from + 2; at < to - 1; at += 1) if (random.next() < 0.4) bytes[at] = below(random, 256);
  }
  return bytes;
}

/** The answer under another id, or about another object: poisoned, as it must not be taken. */
export function misplaced(answer: Buffer, random: Random): Buffer {
  const bytes = poisoned(answer, random);
  const apduAt = apduAtOf(bytes);
  const isAnswer = (bytes[apduAt] ?? 0) >> 4 === 3 && ((bytes[apduAt] ?? 0) & 8) === 0;
  const objectAt = apduAt + 4;
  if (isAnswer && random.next() < 0.5) bytes.writeUInt32BE((bytes.readUInt32BE(objectAt) ^ 0x200000) >>> 0, objectAt);
  else if (isAnswer) bytes[apduAt + 1] = (((bytes[apduAt + 1] ?? 0) + 100) % 255) + 1;
  else return Buffer.from(answer);
  return bytes;
}
