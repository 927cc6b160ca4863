import { type Random, seededRandom } from '../../../src/base/random.ts';
import type { AlarmEvent } from '../../../src/model/alarm.ts';
import type { UplinkSettings } from '../../../src/model/site.ts';
import type { SummaryRecord } from '../../../src/model/summary.ts';
import type { Format, Session } from '../../../src/uplink/format.ts';
import type { Message } from '../../../src/uplink/link.ts';
import { createSparkplugFormat } from '../../../src/uplink/sparkplug/format.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { type DecodedMetric, type DecodedPayload, decodeByProtoc, encodeByProtoc } from './protoc.ts';
import { sparkplugSettings, TestPlant } from './test-plant.ts';

export interface Said extends DecodedPayload {
  readonly topic: string;
  /** `DDATA pump` */
  readonly what: string;
  readonly message: Message;
}

/** A session whose messages are sealed at once, in order, and read by protoc. */
export class SparkplugRig {
  readonly plant = new TestPlant();
  readonly clock = new VirtualClock(Date.UTC(2026, 4, 12, 8));
  readonly format: Format;
  session: Session;
  #summaries = 0;

  constructor(changes: Partial<UplinkSettings> = {}, random: Random = seededRandom(7)) {
    this.format = createSparkplugFormat({
      settings: sparkplugSettings(1883, changes),
      gateway: { id: 'pump-room-1', name: '一号泵房' },
      version: '0.1.0',
      plant: this.plant,
      clock: this.clock,
      random,
    });
    this.session = this.format.openSession();
  }

  /** As on a new connection. */
  reconnect(): void {
    this.session = this.format.openSession();
  }

  say(...messages: readonly Message[]): Said[] {
    return messages.flatMap(message => this.session.seal(message)).map(read);
  }

  birth(): Said[] {
    return this.say(...this.session.birth());
  }

  alarm(event: AlarmEvent): Said[] {
    return this.say(...this.session.alarm(event));
  }

  summary(record: SummaryRecord, isHistorical = false, longestBytes = 16_384): Said[] {
    this.#summaries += 1;
    const parcels = this.session.summaries([{ number: this.#summaries, record }], { longestBytes, isHistorical });
    return this.say(...parcels.flatMap(({ messages }) => messages));
  }

  /** A host writes this with an NCMD, in protoc's text format. */
  hear(text: string) {
    return this.session.hear({
      topic: 'spBv1.0/towers/NCMD/pump-room-1',
      payload: encodeByProtoc(text),
      isRetained: false,
    });
  }

  hearState(payload: string) {
    return this.session.hear({ topic: 'spBv1.0/STATE/scada', payload: Buffer.from(payload), isRetained: true });
  }
}

export function read(message: Message): Said {
  const [, , verb, , device] = message.topic.split('/');
  const what = device === undefined ? `${verb}` : `${verb} ${device}`;
  return { ...decodeByProtoc(bytesOf(message)), topic: message.topic, what, message };
}

export function whatOf(said: readonly Said[]): readonly string[] {
  return said.map(({ what }) => what);
}

/** The metrics of the one message of this kind, by name. */
export function metricsOf(said: readonly Said[], what: string): Readonly<Record<string, DecodedMetric>> {
  const found = said.filter(one => one.what === what);
  if (found.length !== 1) throw new Error(`${found.length} times ${what} in ${whatOf(said).join(', ')}`);
  return Object.fromEntries((found[0]?.metrics ?? []).map(metric => [metric.name ?? `#${metric.alias}`, metric]));
}

/** What a host knows of aliases after these messages: alias → name with its device. */
export function aliasesOf(said: readonly Said[]): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const { what, metrics } of said) {
    const [verb, device] = what.split(' ');
    if (!verb?.endsWith('BIRTH')) continue;
    for (const { name, alias } of metrics) {
      if (alias !== undefined) names.set(alias, device === undefined ? `${name}` : `${device}: ${name}`);
    }
  }
  return names;
}

/** What is sent in Sparkplug is never text. */
export function bytesOf({ payload }: Pick<Message, 'payload'>): Uint8Array {
  if (typeof payload === 'string') throw new Error('a payload of Sparkplug that is text');
  return payload;
}
