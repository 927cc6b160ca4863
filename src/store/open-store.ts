import type { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { PlantroomError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import type { AlarmEvent, AlarmState } from '../model/alarm.ts';
import type { AlarmCursor } from '../model/outbox.ts';
import type { RuleMemory } from '../model/rule-memory.ts';
import { AlarmLane } from './alarm-lane.ts';
import { AlarmReader } from './alarm-reader.ts';
import { CursorLane } from './cursor-lane.ts';
import { type StoreFigures, storeFigures } from './figures.ts';
import { defaultLimits, memoryStepRows, type StoreLimits } from './limits.ts';
import type {
  AlarmLogQuery,
  AlarmStateChange,
  AuditEntry,
  AuditQuery,
  CommandRecord,
  FileFigures,
  LearnedRecord,
  Opened,
  TimeCorrection,
  TimeFix,
  UplinkCursor,
} from './messages.ts';
import { createRecentEvents } from './recent-events.ts';
import { RecordLane } from './record-lane.ts';
import { StoreThread } from './store-thread.ts';
import type { RequestFailure } from './worker-link.ts';

export interface StoreOptions {
  /** Made when missing. Everything the store writes is in it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<StoreLimits>;
  /** Events wait for the disk in memory, and readAlarms gives them from there. */
  readonly onUnstored?: () => void;
}

/** Between tries of the disk. */
const backoff: Backoff = { firstMs: 100, longestMs: 5_000 };

/** The store's face in the main thread: what waits for the disk, and who has the disk (store.ts says what it promises). */
export class OpenStore {
  readonly #log: Log;
  readonly #limits: StoreLimits;
  readonly #onUnstored: () => void;
  readonly #thread: StoreThread;
  readonly #alarms: AlarmLane;
  readonly #records: RecordLane;
  readonly #cursors: CursorLane;
  readonly #reader: AlarmReader;
  readonly #recent = createRecentEvents();
  #opened: Opened | undefined;
  #figures: FileFigures | undefined;
  /** By threads that are gone. */
  #writtenBefore = 0;
  #areCursorsLost = false;
  #lastFailure: string | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  static async open(options: StoreOptions): Promise<OpenStore> {
    const store = new OpenStore(options);
    store.#takeOpened(await store.#thread.open());
    return store;
  }

  private constructor({ folder, clock, log, limits: changed, onUnstored = () => {} }: StoreOptions) {
    const limits = { ...defaultLimits, ...changed };
    this.#log = log;
    this.#limits = limits;
    this.#onUnstored = onUnstored;
    this.#thread = new StoreThread({
      folder,
      limits,
      clock,
      onFigures: figures => this.#takeFigures(figures),
      onFailure: failure => this.#hold(failure),
      onRecovery: opened => this.#recover(opened),
    });
    const shared = { clock, random: systemRandom, backoff, limits };
    const onFailure = (failure: string | undefined) => this.#note(failure);
    this.#cursors = new CursorLane({
      ...shared,
      write: cursors => this.#thread.request('write-cursors', cursors),
      onFailure,
    });
    this.#records = new RecordLane({
      ...shared,
      storeId: () => this.id,
      write: works => this.#thread.request('write-records', works),
      onFailure,
    });
    this.#alarms = new AlarmLane({
      ...shared,
      write: async works => {
        await this.#thread.request('commit-alarms', works);
        this.#recent.add(works.flatMap(({ events }) => events));
      },
      // Some cursors may have been ahead of the disk.
      onCommitted: () => this.#cursors.refresh(),
      delivered: () => this.#cursors.leastDelivered(),
      onFailure: failure => {
        this.#note(failure);
        if (failure !== undefined) this.#onUnstored();
      },
    });
    this.#reader = new AlarmReader({
      isFailing: () => this.#areAlarmsHeldUp,
      waiting: () => this.#alarms.works(),
      lastStored: () => this.#alarms.lastStored,
      recent: query => this.#recent.read(query),
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
    return this.#alarms.lastStored;
  }

  commitAlarms(events: readonly AlarmEvent[], states: readonly AlarmStateChange[]): Promise<void> {
    const written = this.#alarms.add(events, states) ?? this.#refuse(`${events.length} alarm events were refused`);
    if (this.#areAlarmsHeldUp) this.#onUnstored();
    return written;
  }

  useUplinks(ids: readonly string[]): Promise<void> {
    const known = this.#cursors.all();
    for (const gone of known.filter(({ uplink }) => !ids.includes(uplink))) this.#forget(gone);
    const begin = this.#areCursorsLost ? 0 : this.#alarms.lastTaken;
    this.#areCursorsLost = false;
    const cursors = ids.map(uplink => {
      const cursor = this.#cursors.get(uplink) ?? { sent: begin, delivered: begin };
      return { uplink, ...cursor };
    });
    return this.#cursors.replace(cursors);
  }

  async alarmCursor(uplink: string): Promise<AlarmCursor> {
    const cursor = this.#cursors.get(uplink);
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
    return this.#cursors.settle(uplink, this.#reader.cut(uplink, cursor));
  }

  async correctTimes(fix: TimeFix): Promise<TimeCorrection> {
    let events = 0;
    const states: AlarmState[] = [];
    const limit = this.#limits.transactionRows;
    for (let isDone = false; !isDone; ) {
      // Behind what waits: those events have to be corrected too.
      await this.commitAlarms([], []);
      const after = this.#cursors.mostSent();
      this.#recent.begin(this.#alarms.lastStored);
      const step = await this.#thread.request('write-times', { ...fix, after, limit });
      events += step.events;
      states.push(...step.states);
      isDone = step.events < limit;
    }
    return { events, states };
  }

  alarmStates() {
    return this.#thread.request('read-alarm-states', undefined);
  }

  alarmLog(query: AlarmLogQuery) {
    return this.#thread.request('read-alarm-log', query);
  }

  keepLearned(record: LearnedRecord): Promise<void> {
    const written = this.#records.keepLearned(record);
    return written ?? this.#refuse(`what was learned of ${record.device} was not kept`);
  }

  learned() {
    return this.#thread.request('read-learned', undefined);
  }

  async keepMemories(memories: readonly RuleMemory[]): Promise<void> {
    const steps = Array.from({ length: Math.ceil(memories.length / memoryStepRows) }, (_, step) =>
      memories.slice(step * memoryStepRows, (step + 1) * memoryStepRows),
    );
    const refuse = () => this.#refuse('what rules remember was not kept');
    await Promise.all(steps.map(step => this.#records.keepMemories(step) ?? refuse()));
  }

  forgetMemories(rules: readonly string[]): Promise<void> {
    return this.#records.forgetMemories(rules) ?? this.#refuse('what rules remembered was not removed');
  }

  memories() {
    return this.#thread.request('read-memories', undefined);
  }

  appendAudit(entry: AuditEntry): Promise<void> {
    return this.#records.appendAudit(entry) ?? this.#refuse('an audit entry was not kept');
  }

  readAudit(query: AuditQuery) {
    return this.#thread.request('read-audit', query);
  }

  verifyAudit() {
    return this.#thread.request('read-audit-verdict', undefined);
  }

  findCommand(uplink: string, id: string) {
    return this.#thread.request('read-command', { uplink, id });
  }

  keepCommand(record: CommandRecord): Promise<void> {
    return this.#records.keepCommand(record) ?? this.#refuse(`the command ${record.id} was not kept`);
  }

  figures(): StoreFigures {
    const parts = [this.#thread, this.#alarms, this.#records, this.#cursors];
    return storeFigures({
      file: this.#figures,
      isFailing: parts.some(part => part.isFailing),
      isSetAside: this.setAside !== undefined,
      cursors: this.#cursors.all(),
      writtenBefore: this.#writtenBefore,
      waitingEvents: this.#alarms.waitingEvents,
      refusedEvents: this.#alarms.refusedEvents,
      lastFailure: this.#lastFailure,
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeInOrder();
    return this.#closing;
  }

  async #closeInOrder(): Promise<void> {
    this.#isClosed = true;
    this.#thread.beginToEnd();
    await this.#alarms.close();
    await this.#records.close();
    await this.#cursors.close();
    const { lastTaken, lastStored } = this.#alarms;
    try {
      await this.#thread.request('close', { areAllStored: lastTaken === lastStored });
    } catch (error) {
      this.#note((error as RequestFailure).message);
    }
    await this.#thread.end();
  }

  get #areAlarmsHeldUp(): boolean {
    return this.#thread.isFailing || this.#alarms.isFailing;
  }

  #takeOpened(opened: Opened): void {
    this.#opened = opened;
    this.#areCursorsLost = opened.areCursorsLost;
    this.#alarms.begin(opened.lastEventNumber);
    this.#recent.begin(opened.lastEventNumber);
    // Whatever a file says, no uplink is ahead of the events.
    const cut = (number: number) => Math.min(number, opened.lastEventNumber);
    const cursors = opened.cursors.map(({ uplink, sent, delivered }) => {
      return { uplink, sent: cut(sent), delivered: cut(delivered) };
    });
    this.#cursors.load(cursors, opened.areCursorsLost ? undefined : opened.cursors);
    const { path, setAside, loss } = opened;
    if (setAside !== undefined) this.#log.error({ path, setAside, loss }, 'a broken store was set aside');
    else if (loss !== undefined) this.#log.warn({ path, loss }, 'the store was not closed in order');
  }

  #forget({ uplink, sent, delivered }: UplinkCursor): void {
    const owed = this.figures().uplinks.find(other => other.uplink === uplink)?.backlogAlarms ?? 0;
    const body = { uplink, sent, delivered, owed };
    this.#log.warn(body, 'the uplink left the site; what it was owed is not sent any more');
    // Where even that cannot be kept, the log has it.
    this.appendAudit({ kind: 'uplink-removed', who: 'gateway', body }).catch(() => {});
  }

  /** The thread does not answer. */
  #hold(failure: string): void {
    this.#note(failure);
    this.#cursors.release();
    this.#onUnstored();
  }

  #recover(opened: Opened | undefined): void {
    this.#log.info({}, 'the store works again');
    if (!opened) return;
    const { loss, lastEventNumber } = opened;
    const known = this.#alarms.lastStored;
    this.#recent.begin(known);
    if (lastEventNumber < known) this.#log.error({ known, lastEventNumber, loss }, 'stored events are missing');
    this.#alarms.retryNow();
    this.#records.retryNow();
    this.#cursors.refresh(opened.cursors);
  }

  #takeFigures(figures: FileFigures): void {
    const known = this.setAside;
    const before = this.#figures?.writtenBytes ?? 0;
    // A new thread counts from zero.
    if ((figures.writtenBytes ?? 0) < before) this.#writtenBefore += before;
    this.#figures = figures;
    if (figures.setAside === known || !this.#opened) return;
    this.#log.error({ setAside: figures.setAside, loss: figures.loss }, 'the store broke while it was in use');
    this.#recent.begin(this.#alarms.lastStored);
    // The new file has the cursors of the broken one at best.
    this.#cursors.refresh([]);
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

  #refuse(what: string): Promise<never> {
    const why = this.#isClosed ? 'the store is closed' : 'too much waits in memory for the disk already';
    const hint = this.#lastFailure === undefined ? {} : { hint: `the disk says: ${this.#lastFailure}` };
    return Promise.reject(new PlantroomError(`${what}: ${why}`, { kind: 'storage', ...hint }));
  }
}
