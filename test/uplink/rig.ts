import type { Log } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { AlarmEvent } from '../../src/model/alarm.ts';
import type { UplinkSettings } from '../../src/model/site.ts';
import { createUplink, type Uplink, type UplinkOptions } from '../../src/uplink/uplink.ts';
import { MemoryOutbox } from '../fakes/memory-outbox.ts';
import { settle, VirtualClock } from '../fakes/virtual-clock.ts';
import { alarmEvent, gateway, settingsFor, summaryRecord, unaskedPlant } from './samples.ts';
import { type Read, ScriptedBroker } from './scripted-link.ts';

/** An uplink on a clock that stands still, with a broker that waits for its cues. */
export class Rig {
  readonly clock = new VirtualClock();
  readonly broker = new ScriptedBroker();
  readonly outbox = new MemoryOutbox();
  readonly acknowledged: { readonly event: AlarmEvent; readonly atMono: number }[] = [];
  readonly lines: string[] = [];
  uplink: Uplink;
  readonly #make: () => Uplink;
  #alarms = 0;
  #summaries = 0;

  constructor(changes: Partial<UplinkSettings> = {}, options: Partial<UplinkOptions> = {}) {
    this.#make = () =>
      createUplink({
        settings: settingsFor(1883, changes),
        gateway,
        version: '0.1.0',
        password: () => 'secret',
        outbox: this.outbox,
        plant: unaskedPlant,
        control: undefined,
        clock: this.clock,
        random: seededRandom(7),
        log: this.#log(),
        onAcknowledged: (event, atMono) => this.acknowledged.push({ event, atMono }),
        openLink: this.broker.openLink,
        ...options,
      });
    this.uplink = this.#make();
  }

  /** The process ends without a word and begins anew: of the uplink only what the outbox keeps is left. */
  async crash(): Promise<void> {
    const { outbox } = this;
    const before = outbox.cursor;
    this.broker.cut();
    const stopped = this.uplink.stop();
    await this.clock.advance(1_000);
    await stopped;
    // What the dying uplink could still say in order is not said by one that is killed.
    outbox.cursor = before;
    this.uplink = this.#make();
    this.uplink.start();
    await settle();
  }

  /** A started uplink whose broker has let it in and has taken the birth message. */
  static async connected(prepare: (rig: Rig) => void = () => {}, changes: Partial<UplinkSettings> = {}): Promise<Rig> {
    const rig = new Rig(changes);
    prepare(rig);
    await rig.start();
    return rig;
  }

  async start(): Promise<void> {
    this.uplink.start();
    await settle();
    await this.admit();
  }

  /** Lets it in, and takes the birth message. */
  async admit(): Promise<void> {
    this.broker.admit();
    await settle();
    await this.answer();
  }

  addAlarms(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.#alarms += 1;
      this.outbox.addAlarm(alarmEvent(this.#alarms));
    }
    this.uplink.notify();
  }

  addSummaries(count: number, pointCount = 2): void {
    for (let i = 0; i < count; i += 1) {
      this.#summaries += 1;
      this.outbox.addSummary(this.#summaries, summaryRecord(this.#summaries, pointCount));
    }
    this.uplink.notify();
  }

  async answer(reasonCode = 0): Promise<void> {
    this.broker.answer(reasonCode);
    await settle();
  }

  async answerAll(reasonCode = 0): Promise<void> {
    await settle();
    while (this.broker.unanswered.length > 0) await this.answer(reasonCode);
  }

  /** Numbers of the alarm events that are published and unanswered. */
  get alarmsInFlight(): readonly number[] {
    return this.broker.unanswered.filter(({ topic }) => topic.endsWith('/alarm')).map(numberOf);
  }

  get summariesInFlight(): number {
    return this.inFlight('summary').length;
  }

  /** Published on this topic and unanswered. */
  inFlight(topic: string): readonly Read[] {
    return this.broker.unanswered.filter(message => message.topic.endsWith(`/${topic}`));
  }

  /** All that was ever published on this topic. */
  published(topic: string): readonly Read[] {
    return this.broker.published.filter(message => message.topic.endsWith(`/${topic}`));
  }

  #log(): Log {
    const note = (fields: Record<string, unknown>, message: string) => {
      this.lines.push(`${message}${fields.reason === undefined ? '' : `: ${fields.reason}`}`);
    };
    const log: Log = { debug() {}, info: note, warn: note, error: note, child: () => log };
    return log;
  }
}

export function numberOf(message: { readonly payload: string }): number {
  return JSON.parse(message.payload).data.number;
}

export function idOf(message: { readonly payload: string }): string {
  return JSON.parse(message.payload).id;
}

/** Ids of the records in a message of summaries. */
export function recordIdsOf(message: { readonly payload: string }): string[] {
  return JSON.parse(message.payload).data.summaries.map(({ id }: { id: string }) => id);
}
