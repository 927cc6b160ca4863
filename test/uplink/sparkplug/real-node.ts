import { type Clock, sleepOn, systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { systemRandom } from '../../../src/base/random.ts';
import type { AlarmEvent } from '../../../src/model/alarm.ts';
import type { UplinkSettings } from '../../../src/model/site.ts';
import type { SummaryRecord } from '../../../src/model/summary.ts';
import { createUplink, type Uplink } from '../../../src/uplink/uplink.ts';
import { waitUntil } from '../../fakes/wait-until.ts';
import { PlantOutbox } from './plant-outbox.ts';
import { sparkplugSettings, TestPlant } from './test-plant.ts';

/** An uplink that speaks Sparkplug over a real network on the real clock, started, with a plant that a test decides. */
export class RealNode {
  readonly plant = new TestPlant();
  readonly outbox = new PlantOutbox(this.plant);
  readonly uplink: Uplink;
  #aheadMs = 0;

  constructor(port: number, changes: Partial<UplinkSettings> = {}) {
    this.uplink = createUplink({
      settings: sparkplugSettings(port, changes),
      gateway: { id: 'pump-room-1', name: '一号泵房' },
      version: '0.1.0',
      password: () => undefined,
      outbox: this.outbox,
      plant: this.plant,
      control: undefined,
      clock: this.#clock(),
      random: systemRandom,
      log: silentLog,
    });
    this.uplink.start();
  }

  /** As if so much time had passed for the node alone. */
  skip(ms: number): void {
    this.#aheadMs += ms;
  }

  /** Records the event and tells the uplink, as the gateway does. */
  add(event: AlarmEvent): AlarmEvent {
    this.outbox.events.push(event);
    this.uplink.notify();
    return event;
  }

  /** Raises and returns the same alarm in turn. */
  addEvents(count: number): void {
    for (let i = 0; i < count; i += 1) this.add(this.plant.record({ kind: i % 2 === 0 ? 'raised' : 'returned' }));
  }

  addSummary(record: SummaryRecord): void {
    this.outbox.addSummary(record);
    this.uplink.notify();
  }

  async waitForConnection(): Promise<void> {
    await waitUntil(
      () => this.uplink.figures().state === 'connected',
      () => JSON.stringify(this.uplink.figures()),
    );
  }

  async waitForFailure(text: string): Promise<void> {
    await waitUntil(
      () => (this.uplink.figures().lastFailure ?? '').includes(text),
      () => `no "${text}" but ${JSON.stringify(this.uplink.figures())}`,
    );
  }

  async waitUntilSent(number = this.plant.asOf): Promise<void> {
    await waitUntil(
      () => this.outbox.cursor.sent >= number,
      () => `${JSON.stringify(this.outbox.cursor)} of ${number}: ${JSON.stringify(this.uplink.figures())}`,
    );
  }

  #clock(): Clock {
    const clock: Clock = {
      ...systemClock,
      monoMs: () => systemClock.monoMs() + this.#aheadMs,
      at: (atMono, callback) => systemClock.at(atMono - this.#aheadMs, callback),
      sleep: (delayMs, signal) => sleepOn(clock, delayMs, signal),
    };
    return clock;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.uplink.stop();
  }
}
