import { silentLog } from '../../../src/base/log.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createUplink, type Uplink } from '../../../src/uplink/uplink.ts';
import { settle, VirtualClock } from '../../fakes/virtual-clock.ts';
import { summaryRecord } from '../samples.ts';
import { ByteBroker } from './byte-broker.ts';
import { ModelHost } from './model-host.ts';
import { PlantOutbox } from './plant-outbox.ts';
import { encodeByProtoc } from './protoc.ts';
import { bytesOf } from './rig.ts';
import { sparkplugSettings, TestPlant, without } from './test-plant.ts';

export type Step =
  | { readonly kind: 'admit' | 'alarm' | 'bus-loss' | 'reload' | 'rebirth' }
  | { readonly kind: 'read' | 'cut'; readonly count: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'loss' | 'minute'; readonly device: string }
  | { readonly kind: 'host'; readonly isOnline: boolean };

const rebirth = encodeByProtoc('metrics { name: "Node Control/Rebirth" boolean_value: true }');

/** A node, its broker and the host behind it, on a clock that stands still. */
export class World {
  readonly clock = new VirtualClock(Date.UTC(2026, 4, 12, 8));
  readonly plant = new TestPlant();
  readonly outbox = new PlantOutbox(this.plant);
  readonly host = new ModelHost();
  readonly broker = new ByteBroker(message => this.host.take(message.topic, bytesOf(message)));
  readonly uplink: Uplink;
  readonly #whole = this.plant.current;
  #stateAt = 0;

  constructor(primaryHost: string | undefined) {
    this.uplink = createUplink({
      settings: sparkplugSettings(1883, { sparkplug: { groupId: 'towers', primaryHost } }),
      gateway: { id: 'pump-room-1', name: '一号泵房' },
      version: '0.1.0',
      password: () => undefined,
      outbox: this.outbox,
      plant: this.plant,
      control: undefined,
      clock: this.clock,
      random: seededRandom(7),
      log: silentLog,
      openLink: this.broker.openLink,
    });
  }

  async start(): Promise<void> {
    this.uplink.start();
    // The format is loaded.
    await import('../../../src/uplink/sparkplug/format.ts');
    await settle();
  }

  async play(step: Step): Promise<void> {
    switch (step.kind) {
      case 'admit':
        this.broker.admit();
        break;
      case 'read':
        for (let i = 0; i < step.count; i += 1) await this.#read();
        break;
      case 'cut':
        this.broker.cut(step.count);
        break;
      case 'wait':
        await this.clock.advance(step.ms);
        break;
      case 'alarm':
        this.#record({}, 'pump/pressure-low');
        break;
      case 'loss':
        this.#record({ device: step.device, rule: 'communication' }, `${step.device}/communication`);
        break;
      case 'bus-loss':
        this.#record({ device: 'bus:line', rule: 'bus-communication' }, 'bus:line/communication');
        break;
      case 'minute':
        this.outbox.addSummary({ ...summaryRecord(1, 2), device: step.device, windowEnd: this.clock.wallMs() });
        this.uplink.notify();
        break;
      case 'reload':
        this.plant.current = this.plant.current === this.#whole ? without(this.#whole, 'meter') : this.#whole;
        this.uplink.rebirth();
        break;
      case 'rebirth':
        this.broker.send('spBv1.0/towers/NCMD/pump-room-1', rebirth, false);
        break;
      case 'host':
        this.sayState(step.isOnline);
        break;
    }
    await settle();
  }

  sayState(online: boolean): void {
    this.#stateAt += 1;
    const state = JSON.stringify({ online, timestamp: this.#stateAt });
    this.broker.send('spBv1.0/STATE/scada', Buffer.from(state), true);
  }

  get isAllSent(): boolean {
    return this.outbox.cursor.sent === this.plant.asOf && this.outbox.summaries.size === 0;
  }

  /** Broker and host are well: until everything has been said. */
  async calm(): Promise<void> {
    this.sayState(true);
    for (let round = 0; round < 60; round += 1) {
      this.broker.admit();
      await settle();
      while (this.broker.unread.length > 0) await this.#read();
      if (this.isAllSent && this.host.bdSeq !== undefined && round > 3) return;
      await this.clock.advance(10_000);
    }
    throw new Error(`it does not come to rest: ${JSON.stringify([this.uplink.figures(), this.outbox.cursor])}`);
  }

  async stop(): Promise<void> {
    const stopped = this.uplink.stop();
    await settle();
    while (this.broker.unread.length > 0) await this.#read();
    await this.clock.advance(1_000);
    await stopped;
  }

  async #read(): Promise<void> {
    this.broker.read();
    await settle();
  }

  /** Raises what does not stand and returns what does. */
  #record(changes: Parameters<TestPlant['record']>[0], alarm: string): void {
    const kind = this.plant.alarms.has(alarm) ? 'returned' : 'raised';
    const sampledAt = this.clock.wallMs();
    this.outbox.events.push(this.plant.record({ ...changes, alarm, kind, sampledAt }));
    this.uplink.notify();
  }
}
