import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import type { UplinkSettings } from '../../src/model/site.ts';
import { createUplink, type Uplink, type UplinkOptions } from '../../src/uplink/uplink.ts';
import { MemoryOutbox } from '../fakes/memory-outbox.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { alarmEvent, gateway, settingsFor, summaryRecord, unaskedPlant } from './samples.ts';

/** An uplink over a real network on the real clock, started, with an outbox in memory. */
export class RealUplink {
  readonly outbox = new MemoryOutbox();
  readonly uplink: Uplink;

  constructor(port: number, settings: Partial<UplinkSettings> = {}, options: Partial<UplinkOptions> = {}) {
    this.uplink = createUplink({
      settings: settingsFor(port, settings),
      gateway,
      version: '0.1.0',
      password: () => undefined,
      outbox: this.outbox,
      plant: unaskedPlant,
      control: undefined,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      ...options,
    });
    this.uplink.start();
  }

  addAlarms(first: number, last: number): void {
    for (let number = first; number <= last; number += 1) this.outbox.addAlarm(alarmEvent(number));
    this.uplink.notify();
  }

  addSummaries(first: number, last: number, pointCount?: number): void {
    for (let number = first; number <= last; number += 1) {
      this.outbox.addSummary(number, summaryRecord(number, pointCount));
    }
    this.uplink.notify();
  }

  /** Waits until the reason for not being connected, or for not moving, contains this. */
  async waitForFailure(text: string): Promise<void> {
    const failure = () => this.uplink.figures().lastFailure ?? '';
    await waitUntil(
      () => failure().includes(text),
      () => `no "${text}" but: ${JSON.stringify(this.uplink.figures())}`,
    );
  }

  async waitForConnection(): Promise<void> {
    await waitUntil(
      () => this.uplink.figures().state === 'connected',
      () => JSON.stringify(this.uplink.figures()),
    );
  }

  async waitUntilEmpty(): Promise<void> {
    const left = () => `${this.outbox.unsentAlarms} alarms and ${this.outbox.summaries.size} summaries are left`;
    await waitUntil(
      () => this.outbox.isEmpty,
      () => `${left()}: ${JSON.stringify(this.uplink.figures())}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.uplink.stop();
  }
}
