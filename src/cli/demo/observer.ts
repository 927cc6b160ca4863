import type { ApiClient } from '../../api/client.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { ControlClient } from '../../sim/control-client.ts';
import type { DeviceFaultsView } from '../../sim/fault-desk.ts';
import { extendTrends, type Trends, type WatchAnswer, type WatchPicture } from '../watch-view.ts';

/** Asks the gateway and the simulator, and keeps the last answers while there are none. */
export class Observer {
  readonly #clock: Clock;
  readonly #gateway: ApiClient;
  readonly #simulator: ControlClient;
  readonly #intervalMs: number;
  #answer: WatchAnswer | undefined;
  #answeredAtMono = 0;
  #failure: string | undefined;
  #trends: Trends = new Map();
  #faults: readonly DeviceFaultsView[] = [];
  #isAsking = false;

  constructor(clock: Clock, gateway: ApiClient, simulator: ControlClient, intervalMs: number) {
    this.#clock = clock;
    this.#gateway = gateway;
    this.#simulator = simulator;
    this.#intervalMs = intervalMs;
  }

  get faults(): readonly DeviceFaultsView[] {
    return this.#faults;
  }

  /** Undefined before the first answer. */
  get watch(): WatchPicture | undefined {
    if (this.#answer === undefined) return undefined;
    return {
      ...this.#answer,
      trends: this.#trends,
      answerAgeMs: this.#clock.monoMs() - this.#answeredAtMono,
      failure: this.#failure,
      intervalMs: this.#intervalMs,
      nowMs: this.#clock.wallMs(),
    };
  }

  /** Every point of the plant has a good value now. */
  get isPlantSeen(): boolean {
    const points = this.#answer?.points.filter(({ device }) => device !== 'self') ?? [];
    return this.#failure === undefined && points.length > 0 && points.every(({ quality }) => quality === 'good');
  }

  /** One round of questions. Never rejects; returns at once when the round before is not yet over. */
  async ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    await Promise.all([this.#askGateway(), this.#askSimulator()]);
    this.#isAsking = false;
  }

  async #askGateway(): Promise<void> {
    try {
      const { points, alarms, status } = this.#gateway;
      const [pointsNow, alarmsNow, statusNow] = await Promise.all([points(), alarms(0), status()]);
      this.#answer = { points: pointsNow, alarms: alarmsNow, status: statusNow };
      this.#answeredAtMono = this.#clock.monoMs();
      this.#failure = undefined;
      this.#trends = extendTrends(this.#trends, pointsNow);
    } catch (thrown) {
      this.#failure = messageOf(thrown);
      this.#trends = extendTrends(this.#trends, undefined);
    }
  }

  async #askSimulator(): Promise<void> {
    try {
      this.#faults = await this.#simulator.faults();
    } catch {
      // It is being started again; the keeper says so.
      this.#faults = [];
    }
  }
}
