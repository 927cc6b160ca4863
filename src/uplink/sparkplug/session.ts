import type { Clock } from '../../base/clock.ts';
import type { AlarmEvent } from '../../model/alarm.ts';
import type { NumberedSummary } from '../../model/outbox.ts';
import type { Point } from '../../model/point.ts';
import type { Site } from '../../model/site.ts';
import type { Summary } from '../../model/summary.ts';
import type { Heard, Session } from '../format.ts';
import type { Message } from '../link.ts';
import { metricOfEvent } from './alarm-metrics.ts';
import { birthOfDevice, birthOfNode, controls, deathOfNode, type NodeFacts } from './births.ts';
import { decodeWritten, encodeMetrics, longestSealBytes, sealPayload } from './codec.ts';
import { wishOf } from './commands.ts';
import { stepHost, unknownHost } from './host.ts';
import { Ledger, type Owner } from './ledger.ts';
import { createLosses } from './lifecycle.ts';
import type { Plant } from './plant.ts';
import { metricsOfSummary } from './point-metrics.ts';
import { type Emission, type SessionInput, stepSession, unbornSession } from './session-state.ts';
import { bundleSummaries } from './summary-parcels.ts';
import type { SparkplugTopics } from './topics.ts';

/** A host that asks for births all the time gets them this often. */
const rebirthPauseMs = 5_000;

export interface SessionOptions {
  readonly topics: SparkplugTopics;
  readonly primaryHost: string | undefined;
  readonly facts: NodeFacts;
  readonly plant: Plant;
  readonly clock: Clock;
}

/** What a message is to say. The bytes are made when it is sealed: only then is its place in the sequence known. */
interface Draft extends Message {
  readonly says: Saying;
}

type Saying =
  | { readonly kind: 'node-birth' | 'node-death' }
  | { readonly kind: 'device-birth'; readonly device: string }
  | { readonly kind: 'alarm'; readonly event: AlarmEvent }
  | { readonly kind: 'data'; readonly owner: Owner; readonly metrics: Uint8Array };

const nothing = new Uint8Array();

/** One connection in the words of Sparkplug B. */
export function createSession({ topics, primaryHost, facts, plant, clock }: SessionOptions): Session {
  const ledger = new Ledger();
  const losses = createLosses(plant);
  const stateTopic = primaryHost === undefined ? undefined : topics.hostState(primaryHost);
  /** By owner: the number of the newest event that hosts know of, by a birth certificate or from us. */
  const knownAsOf = new Map<Owner, number>();
  let state = unbornSession;
  let host = unknownHost;
  let bornMono = Number.NEGATIVE_INFINITY;
  let isRebirthComing = false;
  let known: KnownPoints | undefined;

  function perform(input: SessionInput, data: Uint8Array = nothing): readonly Message[] {
    const step = stepSession(state, input);
    state = step.state;
    return step.emissions.map(emission => write(emission, data));
  }

  function write(emission: Emission, data: Uint8Array): Message {
    const nowAt = clock.wallMs();
    switch (emission.kind) {
      case 'node-birth':
        noteBirth();
        return message(topics.node('NBIRTH'), certificate(undefined, emission.seq));
      case 'device-birth':
        knownAsOf.set(emission.device, plant.standing().asOf);
        return message(topics.device('DBIRTH', emission.device), certificate(emission.device, emission.seq));
      case 'node-data':
        return message(topics.node('NDATA'), sealPayload(data, nowAt, emission.seq));
      case 'device-data':
        return message(topics.device('DDATA', emission.device), sealPayload(data, nowAt, emission.seq));
      case 'device-death':
        return message(topics.device('DDEATH', emission.device), sealPayload(nothing, nowAt, emission.seq));
      case 'node-death':
        return death();
    }
  }

  function certificate(owner: Owner, seq: number): Uint8Array {
    const nowAt = clock.wallMs();
    const metrics = owner === undefined ? birthOfNode(facts, plant, nowAt) : birthOfDevice(owner, facts, plant, nowAt);
    return sealPayload(encodeMetrics(ledger.list(owner, metrics, nowAt)), nowAt, seq);
  }

  function noteBirth(): void {
    knownAsOf.clear();
    knownAsOf.set(undefined, plant.standing().asOf);
    losses.reset();
    bornMono = clock.monoMs();
    isRebirthComing = false;
  }

  function death(): Message {
    const nowAt = clock.wallMs();
    const payload = sealPayload(encodeMetrics(deathOfNode(facts.bdSeq, nowAt)), nowAt, undefined);
    return { ...message(topics.node('NDEATH'), payload), qos: 1 };
  }

  function say(saying: Saying): readonly Message[] {
    switch (saying.kind) {
      case 'node-birth':
        return bearNode();
      case 'node-death':
        return perform({ kind: 'node-death' });
      case 'device-birth':
        // Data of it may have been quicker, and have brought its birth along.
        return state.devices.has(saying.device) ? [] : bearDevice(saying.device);
      case 'data':
        return sayData(saying.owner, saying.metrics);
      case 'alarm':
        return sayAlarm(saying.event);
    }
  }

  /** One that is lost is made known too, so that hosts know its points, and then declared dead. */
  function bearDevice(device: string): readonly Message[] {
    const birth = perform({ kind: 'device-birth', device });
    return isGone(device) ? [...birth, ...perform({ kind: 'device-death', device })] : birth;
  }

  function bearNode(): readonly Message[] {
    const removed = [...state.devices.keys()].filter(device => !isInSite(device));
    const deaths = removed.flatMap(device => perform({ kind: 'device-death', device }));
    return [...deaths, ...perform({ kind: 'node-birth' })];
  }

  function bearAll(): readonly Message[] {
    return [...bearNode(), ...plant.site().devices.flatMap(({ id }) => bearDevice(id))];
  }

  function sayData(owner: Owner, metrics: Uint8Array): readonly Message[] {
    const isUnlisted = ledger.isUnlisted(owner);
    if (owner !== undefined) {
      return perform({ kind: 'device-data', device: owner, isGone: isGone(owner), isUnlisted }, metrics);
    }
    const births = isUnlisted || !state.isNodeBorn ? bearAll() : [];
    return [...births, ...perform({ kind: 'node-data' }, metrics)];
  }

  function sayAlarm(event: AlarmEvent): readonly Message[] {
    const { owner, metric } = metricOfEvent(event);
    const isNew = isAlive(owner) && event.number > (knownAsOf.get(owner) ?? 0);
    const data = ledger.refer(owner, metric, !isNew);
    // A birth certificate that has to come first tells what stands by now, so that the event is history behind it.
    const isHistorical = !isNew || ledger.isUnlisted(owner);
    const messages = sayData(owner, encodeMetrics([{ ...data, isHistorical }]));
    if (isHistorical) return messages;
    knownAsOf.set(owner, event.number);
    const { lost, back } = losses.apply(event);
    const deaths = lost.flatMap(device => perform({ kind: 'device-death', device }));
    const births = back.filter(isInSite).flatMap(device => perform({ kind: 'device-birth', device }));
    return [...messages, ...deaths, ...births];
  }

  function isAlive(owner: Owner): boolean {
    return state.isNodeBorn && (owner === undefined || state.devices.get(owner) === 'alive');
  }

  /** In one piece where it fits, which saves much copying, or point by point. */
  function encodeRow({ record }: NumberedSummary, roomBytes: number, isHistorical: boolean): readonly Uint8Array[] {
    const encode = (summaries: readonly Summary[]) =>
      encodeMetrics(
        summaries
          .flatMap(summary => metricsOfSummary(summary, pointOf(summary.point), record.windowEnd))
          .map(metric => ledger.refer(record.device, metric, isHistorical)),
      );
    const whole = encode(record.points);
    return whole.length <= roomBytes ? [whole] : record.points.map(summary => encode([summary]));
  }

  function pointOf(key: string): Point | undefined {
    const site = plant.site();
    if (known?.site !== site) known = { site, points: new Map(site.points.map(point => [point.key, point])) };
    return known.points.get(key);
  }

  function isGone(device: string): boolean {
    return losses.isLost(device) || !isInSite(device);
  }

  function isInSite(device: string): boolean {
    return plant.site().devices.some(({ id }) => id === device);
  }

  function hearHost(payload: Uint8Array): Heard {
    const step = stepHost(host, Buffer.from(payload).toString('utf8'));
    host = step.state;
    switch (step.verdict) {
      case 'online':
      case 'offline':
        return { kind: 'host', isOnline: host.isOnline };
      case 'outdated':
        return { kind: 'ignored', reason: 'this STATE of the primary host is older than the one before' };
      case 'unreadable':
        return { kind: 'ignored', reason: 'the STATE of the primary host is no {"online": …, "timestamp": …}' };
    }
  }

  function hearCommand(payload: Uint8Array): Heard {
    const written = decodeWritten(payload);
    if (!written) return { kind: 'ignored', reason: 'an NCMD that is no Sparkplug payload' };
    const wish = wishOf(written, alias => ledger.nodeMetric(alias));
    if (!wish) return { kind: 'ignored', reason: 'an NCMD that writes nothing that can be written' };
    if (wish.kind !== 'rebirth') return wish;
    if (isRebirthComing) return { kind: 'ignored', reason: 'a rebirth was asked for that is on its way' };
    isRebirthComing = true;
    return { kind: 'rebirth', delayMs: Math.max(0, bornMono + rebirthPauseMs - clock.monoMs()) };
  }

  return {
    will: death(),
    subscriptions: [
      { topic: topics.node('NCMD'), wantsRetained: false },
      ...(stateTopic === undefined ? [] : [{ topic: stateTopic, wantsRetained: true }]),
    ],
    waitsForHost: stateTopic !== undefined,
    birth() {
      const devices = plant.site().devices.map(({ id }) => {
        return draft(topics.device('DBIRTH', id), { kind: 'device-birth', device: id });
      });
      return [draft(topics.node('NBIRTH'), { kind: 'node-birth' }), ...devices];
    },
    goodbye: () => [{ ...draft(topics.node('NDEATH'), { kind: 'node-death' }), qos: 1 }],
    alarm(event) {
      const { owner, metric } = metricOfEvent(event);
      const topic = owner === undefined ? topics.node('NDATA') : topics.device('DDATA', owner);
      const payload = encodeMetrics([ledger.refer(owner, metric, true)]);
      return [{ ...draft(topic, { kind: 'alarm', event }), payload }];
    },
    // Birth certificates tell what stands.
    standing: () => [],
    summaries(rows, { longestBytes, isHistorical }) {
      const roomBytes = longestBytes - longestSealBytes;
      const bundles = bundleSummaries(rows, roomBytes, row => encodeRow(row, roomBytes, isHistorical));
      return bundles.map(({ device, numbers, payloads }) => {
        const topic = topics.device('DDATA', device);
        return {
          numbers,
          messages: payloads.map(metrics => ({
            ...draft(topic, { kind: 'data', owner: device, metrics }),
            payload: metrics,
          })),
        };
      });
    },
    reply(text) {
      const metric = {
        name: controls.reply,
        type: 'string',
        value: text,
        at: clock.wallMs(),
        properties: undefined,
      } as const;
      const metrics = encodeMetrics([ledger.refer(undefined, metric, false)]);
      return { ...draft(topics.node('NDATA'), { kind: 'data', owner: undefined, metrics }), payload: metrics };
    },
    seal: message => (isDraft(message) ? say(message.says) : [message]),
    hear({ topic, payload }) {
      if (topic === stateTopic) return hearHost(payload);
      if (topic === topics.node('NCMD')) return hearCommand(payload);
      return { kind: 'ignored', reason: `nothing is expected on ${topic}` };
    },
  };
}

/** The points of a site by their keys. */
interface KnownPoints {
  readonly site: Site;
  readonly points: ReadonlyMap<string, Point>;
}

function message(topic: string, payload: Uint8Array): Message {
  return { topic, payload, contentType: undefined, qos: 0, isRetained: false };
}

function draft(topic: string, says: Saying): Draft {
  return { ...message(topic, nothing), says };
}

function isDraft(message: Message): message is Draft {
  return 'says' in message;
}
