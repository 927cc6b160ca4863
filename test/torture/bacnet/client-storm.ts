import { decodeIAm, decodeIHave } from '../../../drivers/bacnet/announcements.ts';
import { createBacnetClient } from '../../../drivers/bacnet/client.ts';
import { encodeReadMultiple, encodeReadProperty } from '../../../drivers/bacnet/codec.ts';
import { decodeCovNotification } from '../../../drivers/bacnet/cov-notification.ts';
import { matchReadMultiple } from '../../../drivers/bacnet/read-multiple.ts';
import { matchReadProperty } from '../../../drivers/bacnet/read-property.ts';
import type { Outcome } from '../../../drivers/bacnet/request.ts';
import { requestServices } from '../../../drivers/bacnet/services.ts';
import type { BacnetValue, PropertyReference, PropertyResult } from '../../../drivers/bacnet/values.ts';
import { messageOf } from '../../../src/base/errors.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Random } from '../../../src/base/random.ts';
import { createTestPort } from '../../drivers/bacnet/client-rig.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { below, damage, noise } from './damage.ts';
import { type Datagram, multipleAnswer, readAnswer, segmentsOf, strayDatagrams } from './datagrams.ts';
import { mostExamples, type Storm } from './storm.ts';

/*
 * Hostile datagrams at the client alone with requests under way: noise, damaged answers, answers of other hosts, for other objects, with other
 * ids, late and doubled ones, segments lost and mixed up. One run is one datagram. Each request reads a property of its own, and
 * its right value says which, so a value of anywhere else is seen. Damage within the value itself is counted, but
 * no protocol can tell: that is what the check sum of UDP is for.
 */

const timeoutMs = 500;
const hosts = ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.7'] as const;
const devicePort = 47_808;
const requestsAtOnce = 16;
/** Hostile datagrams between two right ones. */
const hostilePerAnswer = 12;

interface Tally {
  datagrams: number;
  asked: number;
  ended: number;
  right: number;
  wrong: number;
  damagedInValue: number;
  uncaught: number;
  readonly outcomes: Record<string, number>;
  readonly examples: string[];
}

interface Asked {
  readonly host: string;
  readonly places: readonly PropertyReference[];
  isOver: boolean;
  /** An answer of the right peer and id was damaged where nobody can see it. */
  isDoubtful: boolean;
}

export function createClientStorm(random: Random): Storm {
  const tally: Tally = {
    ...{ datagrams: 0, asked: 0, ended: 0, right: 0, wrong: 0, damagedInValue: 0, uncaught: 0 },
    outcomes: {},
    examples: [],
  };
  const clock = new VirtualClock();
  const port = createTestPort();
  const client = createBacnetClient({ port, clock, random, log: silentLog });
  // What a driver would do with what comes unasked.
  client.onUnconfirmed((_, service, payload) => {
    if (service === 0) decodeIAm(payload);
    if (service === 1) decodeIHave(payload);
    if (service === 2) decodeCovNotification(payload);
  });
  client.onConfirmed((_, __, payload) => decodeCovNotification(payload) !== undefined);
  client.register('10.0.0.99', devicePort, 60, () => undefined);
  const underWay: Asked[] = [];
  let serial = 0;

  function ask(): void {
    const host = hosts[below(random, hosts.length)] ?? hosts[0];
    const count = random.next() < 0.5 ? 1 : 2 + below(random, 20);
    const places = Array.from({ length: count }, () => {
      serial = (serial + 1) & 0x3fffff;
      return { objectType: 0, instance: serial, property: 85, index: undefined };
    });
    const asked: Asked = { host, places, isOver: false, isDoubtful: false };
    const [first] = places;
    if (!first) return;
    tally.asked += 1;
    underWay.push(asked);
    const service = count === 1 ? requestServices.readProperty : requestServices.readPropertyMultiple;
    const payload = count === 1 ? encodeReadProperty(first) : encodeReadMultiple(places);
    const peer = { host, port: devicePort, network: 0, mac: '' };
    client.request({ peer, service, payload, timeoutMs, retries: 1 }, outcome => onOutcome(asked, outcome));
  }

  function onOutcome(asked: Asked, outcome: Outcome): void {
    if (asked.isOver) tally.examples.push('a request ended twice');
    asked.isOver = true;
    tally.ended += 1;
    tally.outcomes[outcome.kind] = (tally.outcomes[outcome.kind] ?? 0) + 1;
    underWay.splice(underWay.indexOf(asked), 1);
    if (outcome.kind !== 'ack') return;
    const values = valuesOf(asked.places, outcome.payload);
    if (!values) return;
    const isRight = asked.places.every(
      ({ instance }, place) => JSON.stringify(values[place]) === JSON.stringify(rightValue(instance)),
    );
    if (isRight) tally.right += 1;
    else if (asked.isDoubtful) tally.damagedInValue += 1;
    else {
      tally.wrong += 1;
      tally.examples.push(`${asked.host}: ${JSON.stringify(values)} for ${JSON.stringify(asked.places)}`);
    }
  }

  function hear(bytes: Buffer, host: string, fromPort = devicePort): void {
    tally.datagrams += 1;
    try {
      // A copy, as the system gives it: memory of its own.
      port.hear(Buffer.from(bytes), host, fromPort);
    } catch (thrown) {
      tally.uncaught += 1;
      tally.examples.push(`${bytes.toString('hex')}: ${messageOf(thrown)}`);
    }
  }

  /** The answer to a request, with the id that it was sent with; undefined while it waits for its turn. */
  function answerTo(asked: Asked): Datagram | undefined {
    const [first] = asked.places;
    const sent = first && port.sent.findLast(({ bytes, host }) => host === asked.host && names(bytes, first.instance));
    const invokeId = sent?.bytes[8] ?? 0;
    if (!sent || !first) return undefined;
    if (asked.places.length === 1) return readAnswer(invokeId, first, stamp(first.instance));
    return multipleAnswer(
      invokeId,
      asked.places.map(place => ({ ...place, value: stamp(place.instance) })),
    );
  }

  function beHostile(asked: Asked, answer: Datagram): void {
    const stray = strayDatagrams[below(random, strayDatagrams.length)] ?? Buffer.alloc(0);
    const invokeId = answer.bytes[7] ?? 0;
    const kind = below(random, 9);
    if (kind === 0) hear(noise(random), asked.host);
    else if (kind === 1) hear(stray, asked.host);
    else if (kind === 2) {
      const other = strayDatagrams[below(random, strayDatagrams.length)] ?? stray;
      hear(damage({ bytes: stray, valueFrom: 0, valueTo: 0 }, other, random).bytes, asked.host);
    } else if (kind === 3) hear(answer.bytes, '10.0.0.66');
    else if (kind === 4) hear(answer.bytes, asked.host, devicePort + 1);
    else if (kind === 5) hear(readAnswer((invokeId % 255) + 1, { instance: 1, property: 85 }, 666).bytes, asked.host);
    else if (kind === 6)
      hear(readAnswer(invokeId, { instance: 1, property: 85 }, 666, '010800c8010a').bytes, asked.host);
    else if (kind === 7 && asked.places.length > 1) mixSegments(asked, answer, invokeId);
    else {
      const damaged = damage(answer, stray, random);
      asked.isDoubtful ||= damaged.isInValue;
      hear(damaged.bytes, asked.host);
    }
  }

  /** Segments of the right answer: some lost, some doubled, out of order, with foreign ones between them. */
  function mixSegments(asked: Asked, answer: Datagram, invokeId: number): void {
    const segments = segmentsOf(answer, invokeId, requestServices.readPropertyMultiple, 20 + below(random, 60));
    for (const [index, segment] of segments.entries()) {
      const chance = random.next();
      if (chance < 0.1) continue;
      if (chance < 0.2) hear(segments[below(random, segments.length)] ?? segment, asked.host);
      if (chance < 0.3) hear(damage({ bytes: segment, valueFrom: 0, valueTo: 0 }, segment, random).bytes, '10.0.0.66');
      hear(segment, asked.host);
      if (chance > 0.9) hear(segments[index - 1] ?? segment, asked.host);
    }
  }

  return {
    examples: tally.examples,
    datagrams: () => tally.datagrams,
    async attack(datagrams: number) {
      const end = tally.datagrams + datagrams;
      while (tally.datagrams < end && tally.examples.length < mostExamples) {
        while (underWay.length < requestsAtOnce) ask();
        const asked = underWay[below(random, underWay.length)];
        const answer = asked && answerTo(asked);
        if (asked && answer) {
          for (let count = 0; count < hostilePerAnswer && !asked.isOver; count += 1) beHostile(asked, answer);
          // Also when it is over: a double.
          if (random.next() < 0.8) hear(answer.bytes, asked.host);
        }
        if (port.sent.length > 400) port.sent.splice(0, 200);
        if (random.next() < 0.1 || !answer) await clock.advance(random.next() * 40);
      }
    },
    async close() {
      await clock.advance(10 * timeoutMs);
      await client.close();
      if (tally.ended !== tally.asked) tally.examples.push(`${tally.asked - tally.ended} requests never ended`);
      if (tally.right === 0) tally.examples.push('no right answer was taken, so nothing was tried');
    },
    counts() {
      const { examples: _, outcomes, wrong, ...counts } = tally;
      return { ...counts, 'wrong values': wrong, ...outcomes };
    },
  };
}

/** Whether a request that was sent names this object first. */
function names(bytes: Buffer, instance: number): boolean {
  return bytes.length >= 15 && bytes[10] === 0x0c && bytes.readUInt32BE(11) === instance;
}

function stamp(instance: number): number {
  return 3_000_000_000 + instance;
}

function rightValue(instance: number): BacnetValue {
  return { kind: 'unsigned', value: stamp(instance) };
}

/**
 * The value of each place, as a driver takes it: undefined when the answer is not of what was asked for, and one value that says
 * what it is for each. Bytes behind a context tag are no number until somebody says which.
 */
function valuesOf(places: readonly PropertyReference[], payload: Buffer): BacnetValue[] | undefined {
  const [first] = places;
  if (!first) return undefined;
  const results: readonly PropertyResult[] =
    places.length === 1 ? [resultOf(first, payload)] : resultsOf(places, payload);
  const values = results.flatMap(result => {
    const [value, ...more] = result.kind === 'values' ? result.values : [];
    return value && more.length === 0 && value.kind !== 'tagged' && value.kind !== 'constructed' ? value : [];
  });
  return values.length === places.length ? values : undefined;
}

const none: PropertyResult = { kind: 'values', values: [] };

function resultOf(place: PropertyReference, payload: Buffer): PropertyResult {
  const match = matchReadProperty(place, payload);
  return match.kind === 'values' ? match : none;
}

function resultsOf(places: readonly PropertyReference[], payload: Buffer): readonly PropertyResult[] {
  const match = matchReadMultiple(places, payload);
  return match.kind === 'results' ? match.results : [];
}
