import type { Backoff } from '../base/backoff.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { PlantroomError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { randomId, systemRandom } from '../base/random.ts';
import type { AlarmEvent, AlarmState } from '../model/alarm.ts';
import type { SummaryRecord } from '../model/summary.ts';
import { defaultLimits, type StoreLimits } from './limits.ts';
import type {
  AlarmLogQuery,
  AlarmStateChange,
  AlarmWork,
  FileFigures,
  LearnedRecord,
  NumberedSummary,
  Opened,
  OutboxWork,
  RequestKind,
  Requests,
} from './messages.ts';
import { RequestFailure, WorkerLink, workerGone } from './worker-link.ts';
import { WriteLane } from './write-lane.ts';

export type { StoreLimits } from './limits.ts';
export type { AlarmLogQuery, AlarmStateChange, LearnedRecord, NumberedSummary } from './messages.ts';

/**
 * What must outlive the process: the alarm log, the alarms that stand, and the summaries that wait to be sent. The
 * database lives in a thread of its own; no call blocks.
 *
 * While the disk refuses, writes wait in memory and are repeated until it takes them: `figures().state` says `failing`,
 * and the promises stay open. Reads reject with PlantroomError `storage` meanwhile, and the caller asks again.
 */
export interface Store {
  /** Random; made with the database, and made anew after a loss, so that no event id can ever be given twice. */
  readonly id: string;
  readonly path: string;
  /** Path of the broken file that was set aside. */
  readonly setAside: string | undefined;
  /** The highest number ever committed, also after old rows were removed. New events go on above it. */
  readonly lastEventNumber: number;
  /**
   * Commits events and the alarm states after them in one transaction; resolves when they have reached the disk. Calls
   * that arrive together share a transaction. The same event may be committed twice and is stored once.
   * Rejects with PlantroomError `storage` when too many events wait already (the states are kept all the same) or the
   * store is closed before the disk takes them, `internal` when another event has the number.
   */
  commitAlarms(events: readonly AlarmEvent[], states: readonly AlarmStateChange[]): Promise<void>;
  /**
   * Adds summaries to the outbox, which drops and counts its oldest when it is full. A record that waits already is not
   * added again. Rejects with PlantroomError `storage` when too many wait for the disk; they count as dropped.
   */
  appendSummaries(records: readonly Omit<SummaryRecord, 'id'>[]): Promise<void>;
  /** Unsent events with a number above `after`, oldest first; at most `limit`, and never more than limits.readRows. */
  readAlarmOutbox(after: number, limit: number): Promise<readonly AlarmEvent[]>;
  /** Waiting summaries with a number above `after`, oldest first; at most `limit`, and never more than limits.readRows. */
  readSummaryOutbox(after: number, limit: number): Promise<readonly NumberedSummary[]>;
  /** Sent: they leave the outbox and stay in the log. Unknown and settled numbers are ignored. */
  settleAlarms(numbers: readonly number[]): Promise<void>;
  /** Sent: they are removed. Unknown numbers are ignored. */
  settleSummaries(numbers: readonly number[]): Promise<void>;
  /** The alarms that stand, the longest first. */
  alarmStates(): Promise<readonly AlarmState[]>;
  /** Newest first; at most `limit`, and never more than limits.readRows. */
  alarmLog(query: AlarmLogQuery): Promise<readonly AlarmEvent[]>;
  /**
   * Keeps what was learned of one device, in place of what was kept of it before. Rejects with PlantroomError `storage`
   * when too much waits for the disk.
   */
  keepLearned(record: LearnedRecord): Promise<void>;
  learned(): Promise<readonly LearnedRecord[]>;
  /** As of the last reply of the thread. */
  figures(): StoreFigures;
  /** Writes what waits, tries it once if the disk fails, and closes the database in order. */
  close(): Promise<void>;
}

export interface StoreFigures {
  /** `set-aside`: it works, but a broken file was set aside since the process started. */
  readonly state: 'ok' | 'set-aside' | 'failing';
  readonly backlogAlarms: number;
  readonly backlogSummaries: number;
  /** Given up because the outbox was full; counted over restarts. */
  readonly droppedSummaries: number;
  /** Of the database and its write-ahead file. */
  readonly sizeBytes: number;
  /** Alarm events in memory that are not committed yet. */
  readonly waitingEvents: number;
  /** Alarm events that were refused since the start because too many waited for the disk. */
  readonly refusedEvents: number;
  /** The last failure since the start, also when it is over; undefined when there was none. */
  readonly lastFailure: string | undefined;
}

export interface StoreOptions {
  /** Made when missing. Everything the store writes is in it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<StoreLimits>;
}

/** Between tries of the disk, and between starts of a thread that dies. */
const backoff: Backoff = { firstMs: 100, longestMs: 5_000 };

/**
 * Opens the store of a folder, or makes it. Rejects with PlantroomError: `busy` when another process has the folder,
 * `storage` when it cannot be written or the database is of a newer plantroom.
 */
export function openStore(options: StoreOptions): Promise<Store> {
  return OpenStore.open(options);
}

class OpenStore implements Store {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #folder: string;
  readonly #limits: StoreLimits;
  readonly #alarmLane: WriteLane<AlarmWork>;
  readonly #outboxLane: WriteLane<OutboxWork>;
  #link: WorkerLink;
  #opened: Opened = { id: '', path: '', lastEventNumber: 0, setAside: undefined, loss: undefined };
  #figures: FileFigures | undefined;
  #lastEventNumber = 0;
  #lastFailure: string | undefined;
  #isDown = false;
  #restarts = 0;
  #restartTimer: Timer | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #refusedEvents = 0;
  #lostSummaries = 0;
  /** Tells the summaries of this run from those of any other. */
  readonly #run = randomId().slice(0, 6);
  #summariesNamed = 0;
  /** State changes of refused events, by alarm: they are committed with whatever is next. */
  readonly #lateStates = new Map<string, AlarmStateChange>();

  static async open(options: StoreOptions): Promise<Store> {
    const store = new OpenStore(options);
    try {
      store.#takeOpened(await store.#openFile());
      return store;
    } catch (error) {
      store.#isClosed = true;
      await store.#link.end();
      throw error;
    }
  }

  private constructor({ folder, clock, log, limits }: StoreOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#folder = folder;
    this.#limits = { ...defaultLimits, ...limits };
    this.#link = this.#startWorker();
    const shared = {
      clock,
      random: systemRandom,
      backoff,
      groupRows: this.#limits.transactionRows,
      isPassing: (error: unknown) => error instanceof RequestFailure && error.isPassing,
      onFailure: (failure: string | undefined) => this.#note(failure),
    };
    this.#alarmLane = new WriteLane<AlarmWork>({
      ...shared,
      limitRows: this.#limits.waitingEvents,
      weigh: ({ events, states }) => Math.max(events.length, states.length),
      write: works => this.#writeAlarms(works),
      onCommitted: () => this.#writeLateStates(),
    });
    this.#outboxLane = new WriteLane<OutboxWork>({
      ...shared,
      limitRows: this.#limits.waitingRows,
      weigh: rowsOf,
      write: works => this.#request('write-outbox', works),
      onCommitted: () => {},
    });
  }

  get id(): string {
    return this.#opened.id;
  }

  get path(): string {
    return this.#opened.path;
  }

  get setAside(): string | undefined {
    return this.#figures?.setAside ?? this.#opened.setAside;
  }

  get lastEventNumber(): number {
    return this.#lastEventNumber;
  }

  commitAlarms(events: readonly AlarmEvent[], states: readonly AlarmStateChange[]): Promise<void> {
    const late = [...this.#lateStates.values()];
    const written = this.#alarmLane.add({ events, states: [...late, ...states] });
    if (written === undefined) return this.#refuseEvents(events, states);
    if (late.length > 0) this.#lateStates.clear();
    return written;
  }

  appendSummaries(records: readonly Omit<SummaryRecord, 'id'>[]): Promise<void> {
    const named = records.map(record => ({ ...record, id: this.#summaryId() }));
    const written = this.#outboxLane.add({ kind: 'append-summaries', records: named, lost: this.#lostSummaries });
    if (written) {
      this.#lostSummaries = 0;
      return written;
    }
    this.#lostSummaries += records.length;
    return this.#refuse(`${records.length} summaries were dropped`);
  }

  settleAlarms(numbers: readonly number[]): Promise<void> {
    const work: OutboxWork = { kind: 'settle-alarms', numbers, sentAt: this.#clock.wallMs() };
    return this.#outboxLane.add(work) ?? this.#refuse(`${numbers.length} sent alarm events could not be marked`);
  }

  settleSummaries(numbers: readonly number[]): Promise<void> {
    const work: OutboxWork = { kind: 'settle-summaries', numbers };
    return this.#outboxLane.add(work) ?? this.#refuse(`${numbers.length} sent summaries could not be removed`);
  }

  readAlarmOutbox(after: number, limit: number): Promise<readonly AlarmEvent[]> {
    return this.#request('read-alarm-outbox', { after, limit });
  }

  readSummaryOutbox(after: number, limit: number): Promise<readonly NumberedSummary[]> {
    return this.#request('read-summary-outbox', { after, limit });
  }

  alarmStates(): Promise<readonly AlarmState[]> {
    return this.#request('read-alarm-states', undefined);
  }

  alarmLog(query: AlarmLogQuery): Promise<readonly AlarmEvent[]> {
    return this.#request('read-alarm-log', query);
  }

  keepLearned(record: LearnedRecord): Promise<void> {
    const written = this.#outboxLane.add({ kind: 'keep-learned', record });
    return written ?? this.#refuse(`what was learned of ${record.device} was not kept`);
  }

  learned(): Promise<readonly LearnedRecord[]> {
    return this.#request('read-learned', undefined);
  }

  figures(): StoreFigures {
    const isFailing = this.#isDown || this.#alarmLane.isFailing || this.#outboxLane.isFailing;
    return {
      state: isFailing ? 'failing' : this.setAside === undefined ? 'ok' : 'set-aside',
      backlogAlarms: this.#figures?.backlogAlarms ?? 0,
      backlogSummaries: this.#figures?.backlogSummaries ?? 0,
      droppedSummaries: (this.#figures?.droppedSummaries ?? 0) + this.#lostSummaries,
      sizeBytes: this.#figures?.sizeBytes ?? 0,
      waitingEvents: this.#alarmLane.waitingRows,
      refusedEvents: this.#refusedEvents,
      lastFailure: this.#lastFailure,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeInOrder();
    return this.#closing;
  }

  async #closeInOrder(): Promise<void> {
    this.#isClosed = true;
    this.#restartTimer?.cancel();
    await this.#alarmLane.close();
    await this.#outboxLane.close();
    try {
      await this.#link.request('close', undefined);
    } catch (error) {
      this.#note((error as RequestFailure).message);
    }
    await this.#link.end();
  }

  #startWorker(): WorkerLink {
    return new WorkerLink({
      onFigures: figures => this.#takeFigures(figures),
      onDeath: reason => this.#restart(reason),
    });
  }

  #openFile(): Promise<Opened> {
    return this.#link.request('open', {
      folder: this.#folder,
      openedAt: this.#clock.wallMs(),
      limits: this.#limits,
    });
  }

  #takeOpened(opened: Opened): void {
    this.#opened = opened;
    this.#lastEventNumber = opened.lastEventNumber;
    const { path, setAside, loss } = opened;
    if (setAside !== undefined) this.#log.error({ path, setAside, loss }, 'a broken store was set aside');
    else if (loss !== undefined) this.#log.warn({ path, loss }, 'the store was not closed in order');
  }

  async #writeAlarms(works: readonly AlarmWork[]): Promise<void> {
    await this.#request('commit-alarms', works);
    for (const { events } of works) {
      for (const { number } of events) this.#lastEventNumber = Math.max(this.#lastEventNumber, number);
    }
  }

  #request<Kind extends RequestKind>(kind: Kind, body: Requests[Kind]['body']): Promise<Requests[Kind]['answer']> {
    if (this.#isDown) return Promise.reject(workerGone('it is being started again'));
    return this.#link.request(kind, body);
  }

  /** The thread died. What it had not answered is still in the lanes and is written again; the numbers keep it single. */
  #restart(reason: string): void {
    this.#isDown = true;
    this.#note(`the store's thread died: ${reason}`);
    if (this.#isClosed) return;
    const delayMs = Math.min(backoff.longestMs, backoff.firstMs * 2 ** this.#restarts);
    this.#restarts = Math.min(this.#restarts + 1, 10);
    this.#restartTimer = this.#clock.at(this.#clock.monoMs() + delayMs, () => this.#startAgain());
  }

  async #startAgain(): Promise<void> {
    this.#link = this.#startWorker();
    try {
      await this.#openFile();
    } catch (error) {
      const { message } = error as RequestFailure;
      await this.#link.end();
      this.#restart(message);
      return;
    }
    this.#isDown = false;
    this.#restarts = 0;
    this.#log.info({}, 'the store works again');
    this.#alarmLane.retryNow();
    this.#outboxLane.retryNow();
  }

  #takeFigures(figures: FileFigures): void {
    const known = this.#figures?.setAside ?? this.#opened.setAside;
    this.#figures = figures;
    if (figures.setAside === known || this.#opened.id === '') return;
    this.#log.error({ setAside: figures.setAside, loss: figures.loss }, 'the store broke while it was in use');
  }

  /** One line in the log when it begins and one when it is over, not one per try. */
  #note(failure: string | undefined): void {
    if (failure === undefined) {
      this.#log.info({}, 'the store writes again');
      return;
    }
    if (failure !== this.#lastFailure)
      this.#log.error({ failure }, 'the store fails; what it should keep waits in memory');
    this.#lastFailure = failure;
  }

  #refuseEvents(events: readonly AlarmEvent[], states: readonly AlarmStateChange[]): Promise<void> {
    this.#refusedEvents += events.length;
    for (const change of states) {
      const alarm = change.kind === 'set' ? change.state.alarm : change.alarm;
      this.#lateStates.set(alarm, change);
    }
    return this.#refuse(`${events.length} alarm events were refused`);
  }

  #writeLateStates(): void {
    if (this.#lateStates.size === 0) return;
    // Its states are what counts; that nobody waits for them is no reason to end the process.
    this.commitAlarms([], []).catch(() => {});
  }

  #refuse(what: string): Promise<never> {
    const why = this.#isClosed ? 'the store is closed' : 'too much waits in memory for the disk already';
    const hint = this.#lastFailure === undefined ? {} : { hint: `the disk says: ${this.#lastFailure}` };
    return Promise.reject(new PlantroomError(`${what}: ${why}`, { kind: 'storage', ...hint }));
  }

  /** Named here and not where it is written: a record that is written again after a failure is still the same. */
  #summaryId(): string {
    this.#summariesNamed += 1;
    return `${this.id}-${this.#run}-${this.#summariesNamed}`;
  }
}

function rowsOf(work: OutboxWork): number {
  if (work.kind === 'keep-learned') return 1;
  return work.kind === 'append-summaries' ? work.records.length : work.numbers.length;
}
