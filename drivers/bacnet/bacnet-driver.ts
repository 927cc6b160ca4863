import { assert } from '../../src/base/assert.ts';
import type { Log } from '../../src/base/log.ts';
import type { Random } from '../../src/base/random.ts';
import {
  type Driver,
  type DriverOptions,
  noSilences,
  type OpenBus,
  type Push,
  type Read,
  type ReadOutcome,
  spoilReading,
  spoilReadings,
} from '../../src/driver.ts';
import { formatBacnetAddress } from '../../src/model/bacnet-names.ts';
import type { BacnetDevice, Device } from '../../src/model/device.ts';

import type { BadReason, Quality } from '../../src/model/quality.ts';
import { decodeIAm } from './announcements.ts';
import { createBacnetClient } from './client.ts';
import { encodeWhoIs } from './codec.ts';
import { createDeviceTable, type Whereabouts } from './device-table.ts';
import type { Registration } from './foreign-device.ts';
import { createAcquaintance, identityOf, isOtherDevice } from './identity.ts';
import { describeLearned, keyOf, type Learned, unlearned } from './learned.ts';
import { type HasSaid, learnMissing, saidIn, stateIn } from './object-state.ts';
import { peerKey } from './peer.ts';
import { fillReading } from './point-value.ts';
import { describeRefusal, type PropertyAnswer, readProperties } from './property-reader.ts';
import { dependsOnState } from './quality.ts';
import { createQuestions } from './questions.ts';
import { askedFor, type BacnetRead, planReads } from './read-plan.ts';
import { iAmService, unconfirmedCovService } from './services.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createUdpPort, type UdpPort, type UdpPortOptions } from './udp-port.ts';
import { watchedPort } from './watched-port.ts';

/** What the driver is made with; a test may put its own port in the place of the real one. */
export interface BacnetDriverOptions {
  readonly random: Random;
  readonly openPort?: (options: UdpPortOptions) => UdpPort;
}

/** BACnet/IP, reading only, and asking to be told. The port is opened by the first read. */
export function createBacnetDriver(own: BacnetDriverOptions): Driver {
  return { protocol: 'bacnet-ip', create: options => createBacnetBus(options, own) };
}

type OnOutcome = (outcome: ReadOutcome) => void;

/** Most devices take one request at a time, and what people and subscriptions ask comes beside it. */
const deviceWindow = 1;

function createBacnetBus({ bus, clock, log }: DriverOptions, own: BacnetDriverOptions): OpenBus {
  assert(bus.protocol === 'bacnet-ip', `bus ${bus.id} does not speak BACnet/IP`);
  const { retries, timeoutMs: busTimeoutMs, requestsInFlight, foreign } = bus;
  const port = watchedPort((own.openPort ?? createUdpPort)(bus));
  const client = createBacnetClient({
    port,
    clock,
    random: own.random,
    log,
    limits: { perPeer: 2, inAll: requestsInFlight },
  });
  const table = createDeviceTable({
    clock,
    log,
    askWho(instance, peers) {
      const whoIs = encodeWhoIs({ low: instance, high: instance });
      client.broadcast(whoIs);
      for (const peer of peers) client.sendUnconfirmed(peer, whoIs);
    },
  });
  /** By instance: two devices of the site may be one on the wire. */
  const learned = new Map<number, Learned>();
  const met = createAcquaintance();
  /** What the last poll said of the state of the object of each point. */
  const states = new Map<number, Quality>();
  /** Instance and key of what devices were heard to say of the state of objects: a few for each point. */
  const said = new Set<string>();
  /** By instance: those of the site. */
  const devices = new Map<number, BacnetDevice>();
  let onPush: (push: Push) => void = () => undefined;
  let registration: Registration | undefined;
  let isOpen = false;
  let isClosed = false;

  const subscriptions = createSubscriptions({
    client,
    clock,
    log,
    timeoutMs: busTimeoutMs,
    retries,
    peerOf: device => peerOf(bacnetOf(device)),
    stateOf: point => states.get(point.number),
    onPush: push => onPush(push),
  });
  const questions = createQuestions({
    client,
    clock,
    retries,
    peerOf: instance => {
      const device = devices.get(instance);
      return device && peerOf(device);
    },
    downBecause: () => port.downBecause,
  });

  client.onUnconfirmed((peer, service, payload) => {
    if (service === unconfirmedCovService) subscriptions.onNotification(peer, payload);
    if (service !== iAmService) return;
    const iAm = decodeIAm(payload);
    if (!iAm) return;
    questions.onIAm(peer, iAm);
    if (!devices.has(iAm.instance)) return;
    table.onIAm(peer, iAm);
    subscriptions.onAnnounced(iAm.instance);
  });
  client.onConfirmed((peer, _service, payload) => subscriptions.onNotification(peer, payload));

  function peerOf(device: BacnetDevice) {
    const where = table.where(device);
    return where.kind === 'known' ? where.peer : undefined;
  }

  function learnedOf({ instance }: BacnetDevice): Learned {
    const known = learned.get(instance) ?? unlearned();
    learned.set(instance, known);
    return known;
  }

  /** With the first read or question, and never after the end. */
  function open(): void {
    if (isOpen || isClosed) return;
    isOpen = true;
    if (!foreign) return;
    client.register(foreign.host, foreign.port, Math.max(1, Math.round(foreign.ttlMs / 1_000)), now => {
      if (now.kind !== registration?.kind && now.kind !== 'asked') {
        const level = now.kind === 'registered' ? 'info' : 'warn';
        log[level]({ bbmd: `${foreign.host}:${foreign.port}`, registration: now.kind }, 'foreign device registration');
      }
      if (now.kind === 'registered' && registration?.kind !== 'registered') table.askAgain();
      if (now.kind !== 'asked') registration = now;
    });
  }

  function fail(read: BacnetRead, reason: BadReason, detail: string, onOutcome: OnOutcome): void {
    spoilReadings(read, reason);
    onOutcome({ kind: 'failed', atMono: clock.monoMs(), reason, detail, wasAsked: true });
  }

  /** A request to it failed: who answers there next may be another one. */
  function onSilent(device: Device): void {
    const bacnet = bacnetOf(device);
    met.forget(bacnet.instance);
    table.onSilent(bacnet);
    subscriptions.onSilent(device);
  }

  function readAt(where: Whereabouts, read: BacnetRead, timeoutMs: number, onOutcome: OnOutcome): void {
    const device = bacnetOf(read.device);
    if (isClosed) fail(read, 'no-connection', 'the bus is closed', onOutcome);
    else if (where.kind === 'conflict') fail(read, 'bad-reply', where.detail, onOutcome);
    else if (where.kind === 'unknown') {
      if (port.downBecause === undefined) fail(read, 'timeout', where.detail, onOutcome);
      else fail(read, 'no-connection', port.downBecause, onOutcome);
    } else {
      const ofDevice = learnedOf(device);
      ofDevice.maxApdu = where.iAm?.maxApdu ?? ofDevice.maxApdu;
      const startMono = clock.monoMs();
      const { peer } = where;
      const { instance } = device;
      const identity = met.isBelieved(instance, peer, startMono) ? [] : [identityOf(instance)];
      const properties = [...identity, ...askedFor(read, ofDevice)];
      readProperties(client, { peer, properties, learned: ofDevice, timeoutMs, retries, nowMono: startMono }, end => {
        if (end.kind === 'failed') {
          if (end.reason === 'timeout' || end.reason === 'no-connection') onSilent(read.device);
          fail(read, end.reason, end.detail, onOutcome);
          return;
        }
        if (identity.length > 0) {
          if (isOtherDevice(instance, end.answers.get(keyOf(identityOf(instance))))) {
            table.onStranger(device, peer);
            fail(read, 'bad-reply', `the device at ${peerKey(peer)} is not ${instance}`, onOutcome);
            return;
          }
          met.believe(instance, peer, startMono);
        }
        fill(read, end.answers, ofDevice, startMono);
        subscriptions.onHeard(read.device);
        onOutcome({ kind: 'answered', atMono: clock.monoMs(), responseMs: end.responseMs });
      });
    }
  }

  function fill(
    read: BacnetRead,
    answers: ReadonlyMap<string, PropertyAnswer>,
    ofDevice: Learned,
    startMono: number,
  ): void {
    const refused: string[] = [];
    const { instance } = bacnetOf(read.device);
    const hasSaid: HasSaid = key => said.has(`${instance} ${key}`);
    for (const [index, address] of read.addresses.entries()) {
      const reading = read.readings[index];
      const point = read.points[index];
      const keys = read.keys[index];
      if (!reading || !point || !keys) continue;
      const answer = answers.get(keys.value);
      if (answer?.kind !== 'values') {
        spoilReading(reading, 'refused');
        const why = answer?.kind === 'error' ? describeRefusal(answer) : answer?.text;
        refused.push(`${point.key} (${formatBacnetAddress(address)}): ${why ?? 'not answered'}`);
        continue;
      }
      fillReading(address.part, answer.values, reading);
      // The device told it while it was asked: what it answered may be of the time before.
      const told = subscriptions.toldSince(point, startMono);
      if (told) Object.assign(reading, told.reading);
      if (!dependsOnState(address.objectType, address.property)) continue;
      for (const key of saidIn(answers, keys)) said.add(`${instance} ${key}`);
      const quality = stateIn(answers, keys, hasSaid);
      if (quality !== 'refused') states.set(point.number, quality);
      if (quality !== 'good' && !told?.isWithState) spoilReading(reading, quality);
    }
    learnMissing(answers, read, ofDevice, startMono, hasSaid);
    tellRefused(log, read, refused);
  }

  return {
    window: requestsInFlight,
    deviceWindow,
    silences: noSilences,
    plan(device, points) {
      const bacnet = bacnetOf(device);
      devices.set(bacnet.instance, bacnet);
      subscriptions.watch(device, points);
      return planReads(device, points, learnedOf(bacnet));
    },
    forget(device) {
      learned.delete(bacnetOf(device).instance);
    },
    read(read, timeoutMs, onOutcome) {
      assert(isBacnetRead(read), 'a read of another driver');
      open();
      const where = table.where(bacnetOf(read.device));
      if (isClosed || where.kind === 'conflict') {
        queueMicrotask(() => readAt(where, read, timeoutMs, onOutcome));
        return;
      }
      if (where.kind === 'known') {
        readAt(where, read, timeoutMs, onOutcome);
        return;
      }
      const deadlineMono = clock.monoMs() + timeoutMs;
      table.find(bacnetOf(read.device), deadlineMono, found => {
        readAt(found, read, Math.max(1, deadlineMono - clock.monoMs()), onOutcome);
      });
    },
    // Readings are filled when the answer comes, since others are under way.
    decode: () => undefined,
    listen(handler) {
      onPush = handler;
    },
    ask(question, timeoutMs, onAnswer) {
      if (isClosed || (question.kind !== 'bacnet-read' && question.kind !== 'who-is')) {
        const [reason, detail] = isClosed
          ? (['no-connection', 'the bus is closed'] as const)
          : (['refused', 'this bus speaks BACnet'] as const);
        queueMicrotask(() => onAnswer({ kind: 'failed', reason, detail }));
        return;
      }
      open();
      questions.ask(question, timeoutMs, onAnswer);
    },
    describe(device) {
      const bacnet = bacnetOf(device);
      const told = subscriptions.describe(device);
      return [...table.describe(bacnet), ...describeLearned(learnedOf(bacnet)), ...(told === undefined ? [] : [told])];
    },
    restsUntilMono: () => 0,
    async close() {
      if (isClosed) return;
      isClosed = true;
      table.close();
      subscriptions.close();
      questions.close();
      await client.close();
    },
  };
}

/** Refused points that one line of the log names. */
const mostTold = 20;

/** Once for each change, not at every poll. */
function tellRefused(log: Log, read: BacnetRead, refused: readonly string[]): void {
  const text = refused.join('; ');
  if (text !== '' && text !== read.lastRefusal) {
    log.warn({ device: read.device.id, points: refused.slice(0, mostTold) }, 'device refuses these points');
  }
  read.lastRefusal = text;
}

function bacnetOf({ id, bacnet }: Device): BacnetDevice {
  assert(bacnet, `device ${id} is no BACnet device`);
  return bacnet;
}

function isBacnetRead(read: Read): read is BacnetRead {
  return 'protocol' in read && read.protocol === 'bacnet';
}
