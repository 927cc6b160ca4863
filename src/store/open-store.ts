import type { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { PlantroomError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { randomId, systemRandom } from '../base/random.ts';
import type { AlarmEvent, AlarmState } from '../model/alarm.ts';
import type { AlarmCursor } from '../model/outbox.ts';
import type { SummaryRecord } from '../model/summary.ts';
import { AlarmReader } from './alarm-reader.ts';
import { CursorLane } from './cursor-lane.ts';
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
  UplinkCursor,
} from './messages.ts';
import { StoreThread } from './store-thread.ts';
import { RequestFailure } from './worker-link.ts';
import { WriteLane } from './write-lane.ts';

export interface StoreOptions {
  /** Made when missing. Everything the store writes is in it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<StoreLimits>;
  /** Events wait for the disk in memory, and readAlarms gives them from there. */
  readonly onUnstored?: () => void;
}

export interface StoreFigures {
  /** `set-aside`: it works, but a broken file was set aside since the process started. */
  readonly state: 'ok' | 'set-aside' | 'failing';
  /** Stored events that not every uplink has delivered. */
  readonly backlogAlarms: number;
  readonly uplinks: readonly UplinkFigures[];
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

export interface UplinkFigures extends UplinkCursor {
  /** Stored events that it has not delivered. */
  readonly backlogAlarms: number;
}

/** Between tries of the disk. */
const backoff: Backoff = { firstMs: 100, longestMs: 5_000 };

/** The store's face in the main thread: what waits for the disk, and who has the disk (store.ts says what it promises). */
export class OpenStore {
  readonly #log: Log;
  readonly #limits: StoreLimits;
  readonly #onUnstored: () => void;
  readonly #thread: StoreThread;
  readonly #alarmLane: WriteLane<AlarmWork>;
  readonly #outboxLane: WriteLane<OutboxWork>;
  readonly #cursorLane: CursorLane;
  readonly #reader: AlarmReader;
  #opened: Opened | undefined;
  #figures: FileFigures | undefined;
  #lastEventNumber = 0;
  #lastFailure: string | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #refusedEvents = 0;
  #lostSummaries = 0;
  /** Tells the summaries of this run from those of any other. */
  readonly #run = randomId().slice(0, 6);
  #summariesNamed = 0;
  /** State changes of refused events, by alarm: they are committed with whatever is next. */
  readonly #lateStates = new Map<string, AlarmStateChange>();

  static async open(options: StoreOptions): Promise<OpenStore> {
    const store = new OpenStore(options);
    store.#takeOpened(await store.#thread.open());
    return store;
  }

  private constructor({ folder, clock, log, limits, onUnstored = () => {} }: StoreOptions) {
    this.#log = log;
    this.#onUnstored = onUnstored;
    this.#limits = { ...defaultLimits, ...limits };
    this.#thread = new StoreThread({
      folder,
      limits: this.#limits,
      clock,
      onFigures: figures => this.#takeFigures(figures),
      onFailure: failure => this.#hold(failure),
      onRecovery: opened => this.#recover(opened),
    });
    const shared = { clock, random: systemRandom, backoff };
    const patient = {
      ...shared,
      groupRows: this.#limits.transactionRows,
      isPassing: (error: unknown) => error instanceof RequestFailure && error.isPassing,
    };
    this.#alarmLane = new WriteLane<AlarmWork>({
      ...patient,
      limitRows: this.#limits.waitingEvents,
      weigh: ({ events, states }) => Math.max(events.length, states.length),
      write: works => this.#writeAlarms(works),
      onCommitted: () => this.#writeWhatFollows(),
      onFailure: failure => {
        this.#note(failure);
        if (failure !== undefined) this.#onUnstored();
      },
    });
    this.#outboxLane = new WriteLane<OutboxWork>({
      ...patient,
      limitRows: this.#limits.waitingRows,
      weigh: rowsOf,
      write: works => this.#thread.request('write-outbox', works),
      onCommitted: () => {},
      onFailure: failure => this.#note(failure),
    });
    this.#cursorLane = new CursorLane({
      ...shared,
      write: cursors => this.#thread.request('write-cursors', cursors),
      onFailure: failure => this.#note(failure),
    });
    this.#reader = new AlarmReader({
      isFailing: () => this.#thread.isFailing || this.#alarmLane.isFailing,
      waiting: () => this.#alarmLane.works(),
      lastStored: () => this.#lastEventNumber,
      read: query => this.#thread.request('read-alarms', query),
    });
  }

  get id(): string {
    return this.#opened?.id ?? '';
  }

  get path(): string {
    return this.#opened?.path ?? '';
  }

  get setAside(): string | undefined {
    return this.#figures?.setAside ?? this.#opened?.setAside;
  }

  get lastEventNumber(): number {
    return this.#lastEventNumber;
  }

  commitAlarms(events: readonly AlarmEvent[], states: readonly AlarmStateChange[]): Promise<void> {
    const late = [...this.#lateStates.values()];
    const written = this.#alarmLane.add({ events, states: [...late, ...states] });
    if (written === undefined) return this.#refuseEvents(events, states);
    if (late.length > 0) this.#lateStates.clear();
    if (this.#thread.isFailing || this.#alarmLane.isFailing) this.#onUnstored();
    return written;
  }

  useUplinks(ids: readonly string[]): Promise<void> {
    const known = this.#cursorLane.all();
    for (const gone of known.filter(({ uplink }) => !ids.includes(uplink))) this.#tellOwed(gone);
    const begin = this.#opened?.areCursorsLost && known.length === 0 ? 0 : this.#newestNumber();
    const cursors = ids.map(uplink => {
      const cursor = this.#cursorLane.get(uplink) ?? { sent: begin, delivered: begin };
      return { uplink, ...cursor };
    });
    return this.#cursorLane.replace(cursors);
  }

  async alarmCursor(uplink: string): Promise<AlarmCursor> {
    const cursor = this.#cursorLane.get(uplink);
    if (cursor) return cursor;
    throw new PlantroomError(`the store was not told of an uplink ${uplink}`, {
      kind: 'internal',
      hint: 'useUplinks comes first',
    });
  }

  readAlarms(uplink: string, after: number, limit: number): Promise<readonly AlarmEvent[]> {
    return this.#reader.read(uplink, { after, limit: Math.min(limit, this.#limits.readRows) });
  }

  settleAlarms(uplink: string, cursor: AlarmCursor): Promise<void> {
    return this.#cursorLane.settle(uplink, this.#reader.cut(uplink, cursor));
  }

  appendSummaries(records: readonly Omit<SummaryRecord, 'id'>[]): Promise<void> {
    const named = records.map(record => ({ ...record, id: this.#nextId() }));
    const written = this.#outboxLane.add({ kind: 'append-summaries', records: named, lost: this.#lostSummaries });
    if (written) {
      this.#lostSummaries = 0;
      return written;
    }
    this.#lostSummaries += records.length;
    return this.#refuse(`${records.length} summaries were dropped`);
  }

  settleSummaries(numbers: readonly number[]): Promise<void> {
    const work: OutboxWork = { kind: 'settle-summaries', numbers };
    return this.#outboxLane.add(work) ?? this.#refuse(`${numbers.length} sent summaries could not be removed`);
  }

  readSummaryOutbox(after: number, limit: number): Promise<readonly NumberedSummary[]> {
    return this.#thread.request('read-summary-outbox', { after, limit });
  }

  alarmStates(): Promise<readonly AlarmState[]> {
    return this.#thread.request('read-alarm-states', undefined);
  }

  alarmLog(query: AlarmLogQuery): Promise<readonly AlarmEvent[]> {
    return this.#thread.request('read-alarm-log', query);
  }

  keepLearned(record: LearnedRecord): Promise<void> {
    const written = this.#outboxLane.add({ kind: 'keep-learned', record });
    return written ?? this.#refuse(`what was learned of ${record.device} was not kept`);
  }

  learned(): Promise<readonly LearnedRecord[]> {
    return this.#thread.request('read-learned', undefined);
  }

  figures(): StoreFigures {
    const lanes = [this.#alarmLane, this.#outboxLane, this.#cursorLane];
    const isFailing = this.#thread.isFailing || lanes.some(lane => lane.isFailing);
    const owed = new Map(this.#figures?.owed.map(({ uplink, events }) => [uplink, events]));
    return {
      state: isFailing ? 'failing' : this.setAside === undefined ? 'ok' : 'set-aside',
      backlogAlarms: Math.max(0, ...owed.values()),
      uplinks: this.#cursorLane.all().map(cursor => ({ ...cursor, backlogAlarms: owed.get(cursor.uplink) ?? 0 })),
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
    this.#thread.stopRestarting();
    await this.#alarmLane.close();
    await this.#outboxLane.close();
    await this.#cursorLane.close();
    try {
      await this.#thread.request('close', undefined);
    } catch (error) {
      this.#note((error as RequestFailure).message);
    }
    await this.#thread.end();
  }

  #takeOpened(opened: Opened): void {
    this.#opened = opened;
    this.#lastEventNumber = opened.lastEventNumber;
    // Whatever a file says, no uplink is ahead of the events.
    const cut = (number: number) => Math.min(number, opened.lastEventNumber);
    const cursors = opened.cursors.map(({ uplink, sent, delivered }) => {
      return { uplink, sent: cut(sent), delivered: cut(delivered) };
    });
    this.#cursorLane.load(cursors, opened.cursors);
    const { path, setAside, loss } = opened;
    if (setAside !== undefined) this.#log.error({ path, setAside, loss }, 'a broken store was set aside');
    else if (loss !== undefined) this.#log.warn({ path, loss }, 'the store was not closed in order');
  }

  async #writeAlarms(works: readonly AlarmWork[]): Promise<void> {
    await this.#thread.request('commit-alarms', works);
    for (const { events } of works) {
      for (const { number } of events) this.#lastEventNumber = Math.max(this.#lastEventNumber, number);
    }
  }

  /** What an event's commit makes possible: the states of refused ones, and cursors that were ahead of the disk. */
  #writeWhatFollows(): void {
    this.#cursorLane.refresh();
    if (this.#lateStates.size === 0) return;
    // Its states are what counts; that nobody waits for them is no reason to end the process.
    this.commitAlarms([], []).catch(() => {});
  }

  #newestNumber(): number {
    let newest = this.#lastEventNumber;
    for (const { events } of this.#alarmLane.works()) newest = Math.max(newest, events.at(-1)?.number ?? 0);
    return newest;
  }

  #tellOwed({ uplink, sent, delivered }: UplinkCursor): void {
    const owed = this.figures().uplinks.find(other => other.uplink === uplink)?.backlogAlarms ?? 0;
    this.#log.warn(
      { uplink, sent, delivered, owed },
      'the uplink left the site; what it was owed is not sent any more',
    );
  }

  /** The thread does not answer. */
  #hold(failure: string): void {
    this.#note(failure);
    this.#cursorLane.release();
    this.#onUnstored();
  }

  #recover(opened: Opened | undefined): void {
    this.#log.info({}, 'the store works again');
    if (!opened) return;
    this.#alarmLane.retryNow();
    this.#outboxLane.retryNow();
    this.#cursorLane.refresh(opened.cursors);
  }

  #takeFigures(figures: FileFigures): void {
    const known = this.setAside;
    this.#figures = figures;
    if (figures.setAside === known || !this.#opened) return;
    this.#log.error({ setAside: figures.setAside, loss: figures.loss }, 'the store broke while it was in use');
    // The new file has the cursors of the broken one at best.
    this.#cursorLane.refresh([]);
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

  #refuse(what: string): Promise<never> {
    const why = this.#isClosed ? 'the store is closed' : 'too much waits in memory for the disk already';
    const hint = this.#lastFailure === undefined ? {} : { hint: `the disk says: ${this.#lastFailure}` };
    return Promise.reject(new PlantroomError(`${what}: ${why}`, { kind: 'storage', ...hint }));
  }

  /** Named here and not where it is written: what is written again after a failure is still the same. */
  #nextId(): string {
    this.#summariesNamed += 1;
    return `${this.id}-${this.#run}-${this.#summariesNamed}`;
  }
}

function rowsOf(work: OutboxWork): number {
  if (work.kind === 'keep-learned') return 1;
  return work.kind === 'append-summaries' ? work.records.length : work.numbers.length;
}
