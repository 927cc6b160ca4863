import type { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { AlarmEvent } from '../model/alarm.ts';
import type { StoreLimits } from './limits.ts';
import type { AlarmStateChange, AlarmWork } from './messages.ts';
import { isPassing } from './worker-link.ts';
import { WriteLane } from './write-lane.ts';

export interface AlarmLaneOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: Backoff;
  readonly limits: StoreLimits;
  /** Commits all works in one transaction. */
  readonly write: (works: readonly AlarmWork[]) => Promise<void>;
  readonly onCommitted: () => void;
  readonly onFailure: (failure: string | undefined) => void;
  /** Up to this number every uplink has delivered; undefined without an uplink. */
  readonly delivered: () => number | undefined;
}

/** Alarm events and states that wait for the disk, and what becomes of those that memory has no room for. */
export class AlarmLane {
  readonly #options: AlarmLaneOptions;
  readonly #lane: WriteLane<AlarmWork>;
  #lastStored = 0;
  #lastTaken = 0;
  #refusedEvents = 0;
  /** State changes of refused events, by alarm: they are committed with whatever is next. */
  readonly #lateStates = new Map<string, AlarmStateChange>();

  constructor(options: AlarmLaneOptions) {
    const { clock, random, backoff, limits, onFailure } = options;
    this.#options = options;
    this.#lane = new WriteLane<AlarmWork>({
      clock,
      random,
      backoff,
      limitRows: limits.waitingEvents,
      groupRows: limits.transactionRows,
      weigh: ({ events, states }) => Math.max(events.length, states.length),
      write: works => this.#write(works),
      isPassing,
      onCommitted: () => this.#goOn(),
      onFailure,
    });
  }

  get isFailing(): boolean {
    return this.#lane.isFailing;
  }

  get waitingEvents(): number {
    return this.#lane.waitingRows;
  }

  /** Events that were not stored because too many waited. */
  get refusedEvents(): number {
    return this.#refusedEvents;
  }

  /** The highest number that is on the disk. */
  get lastStored(): number {
    return this.#lastStored;
  }

  /** The highest number that an event was given, whatever became of it. */
  get lastTaken(): number {
    return this.#lastTaken;
  }

  begin(lastStored: number): void {
    this.#lastStored = lastStored;
    this.#lastTaken = lastStored;
  }

  works(): Iterable<AlarmWork> {
    return this.#lane.works();
  }

  /** Undefined when there is no room left: then only the states are kept. */
  add(events: readonly AlarmEvent[], states: readonly AlarmStateChange[]): Promise<void> | undefined {
    for (const { number } of events) this.#lastTaken = Math.max(this.#lastTaken, number);
    const work = { events, states: [...this.#lateStates.values(), ...states] };
    const written = this.#lane.add(work) ?? (this.#giveUpDelivered() ? this.#lane.add(work) : undefined);
    if (written) {
      this.#lateStates.clear();
      return written;
    }
    this.#refusedEvents += events.length;
    for (const change of states) this.#lateStates.set(alarmOf(change), change);
    return undefined;
  }

  retryNow(): void {
    this.#lane.retryNow();
  }

  close(): Promise<void> {
    return this.#lane.close();
  }

  async #write(works: readonly AlarmWork[]): Promise<void> {
    await this.#options.write(works);
    for (const { events } of works) {
      for (const { number } of events) this.#lastStored = Math.max(this.#lastStored, number);
    }
  }

  #goOn(): void {
    this.#options.onCommitted();
    if (this.#lateStates.size === 0) return;
    // Its states are what counts; that nobody waits for them is no reason to end the process.
    this.add([], [])?.catch(() => {});
  }

  /**
   * The disk has refused for so long that memory is full: what every uplink has delivered makes room for what is new. Its
   * alarm states are kept. False where there is nothing of that.
   */
  #giveUpDelivered(): boolean {
    const delivered = this.#options.delivered();
    if (delivered === undefined) return false;
    const mayGo = ({ events }: AlarmWork) => (events.at(-1)?.number ?? 0) <= delivered;
    const events = this.#lane.condense(mayGo, mergeStates).reduce((count, work) => count + work.events.length, 0);
    this.#refusedEvents += events;
    return events > 0;
  }
}

/** What is left of works whose events are given up: the last state of each alarm. */
function mergeStates(works: readonly AlarmWork[]): AlarmWork {
  const last = new Map(works.flatMap(({ states }) => states.map(change => [alarmOf(change), change])));
  return { events: [], states: [...last.values()] };
}

function alarmOf(change: AlarmStateChange): string {
  return change.kind === 'set' ? change.state.alarm : change.alarm;
}
