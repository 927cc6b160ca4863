import type { Clock, Timer } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { randomId } from '../../base/random.ts';
import type { NumberedSummary, SummaryQuery } from '../../model/outbox.ts';
import type { SummarySpan } from '../../model/summary.ts';
import type { TimeFix } from '../messages.ts';
import { RequestFailure } from '../worker-link.ts';
import { HistoryThread, type ThreadState } from './history-thread.ts';
import { defaultHistoryLimits, type HistoryClass, type HistoryLimits, mostWriteBytes } from './limits.ts';
import type {
  ClassFigures,
  HistoryFileFigures,
  HistoryRequests,
  HistoryWork,
  PackedWork,
  UplinkFigures,
  UplinkNeed,
} from './messages.ts';
import { packWork } from './packed-work.ts';
import type { RawPage, RawQuery, RowPage, RowQuery } from './reading.ts';
import { unpackSummaries } from './unpack-summaries.ts';
import { createWaitingWork, type WaitingWork } from './waiting-work.ts';

export type { ClassFigures, HistoryWork, RawFrame, UplinkFigures, UplinkNeed } from './messages.ts';

/**
 * Raw history and summaries, in history.db, which has a thread of its own: nothing about it can hold up an alarm. What is
 * appended waits in memory for some seconds and is written together; kill -9 loses that, and the minute that is not closed
 * yet: about one minute of each device. A power cut takes also what the system had not written by itself, which is about
 * half a minute, but nothing out of the middle; what an uplink has sent of it is forgotten with it.
 *
 * Without a disk the history is given up from its oldest on, raw values first, and counted; it goes on by itself later.
 */
export interface History {
  append(work: HistoryWork): void;
  /** The uplinks that send summaries. One that is new, or sends another span now, begins behind the newest. */
  useUplinks(needs: readonly UplinkNeed[]): void;
  /** Number of the newest summary of this span; 0 when there was none. */
  lastSummary(span: SummarySpan): Promise<number>;
  /** Summaries that this uplink has not sent, oldest first; at most `limit`, and never more than 1,000. */
  readSummaries(uplink: string, query: SummaryQuery): Promise<readonly NumberedSummary[]>;
  /** Sent. Written down within a second; a kill before that has them sent again, with the same ids. */
  settleSummaries(uplink: string, span: SummarySpan, numbers: readonly number[]): Promise<void>;
  readRaw(query: RawQuery): Promise<RawPage>;
  readSummaryRows(query: RowQuery): Promise<RowPage>;
  /** `store.size` has changed. */
  resize(sizeBytes: number): void;
  /**
   * Puts the times of this boot right, now that the clock is set: of raw values, and of summaries that no uplink has sent.
   * What is still in memory is put right when it is written. Resolves with the rows it looked at; a disk that fails in
   * between is waited for, but not by the promise.
   */
  correctTimes(fix: TimeFix): Promise<number>;
  /** Gives the disk back about so many bytes by giving up history; for the day when alarms need them. */
  makeRoom(bytes: number): Promise<number>;
  /** As of the last answer of the thread. */
  figures(): HistoryFigures;
  /** Writes what waits, and gives up on a disk that does not answer within a few seconds. */
  close(): Promise<void>;
}

export interface HistoryFigures {
  /**
   * `set-aside`: it works, but a broken file was set aside since the start. `shedding`: within the last hour something was
   * given up because the disk, or the file, was full.
   */
  readonly state: 'opening' | 'ok' | 'set-aside' | 'shedding' | 'failing';
  readonly lastFailure: string | undefined;
  readonly setAside: string | undefined;
  /** Of the file and its write-ahead file. */
  readonly sizeBytes: number;
  readonly classes: Readonly<Record<HistoryClass, ClassFigures>>;
  readonly uplinks: readonly UplinkFigures[];
  /** In memory for the disk. */
  readonly waitingBytes: number;
  /** Given up since the start because the disk did not take them in time. */
  readonly droppedSamples: number;
  readonly droppedSummaries: number;
  /** What the thread has written to the disk, bytes, since the start; undefined where the system does not tell. */
  readonly writtenBytes: number | undefined;
}

export interface HistoryOptions {
  /** Made when missing. */
  readonly folder: string;
  /** What the store may take of the disk: each class has a share of it. */
  readonly sizeBytes: number;
  readonly uplinks: readonly UplinkNeed[];
  readonly clock: Clock;
  readonly log: Log;
  /** Summaries were written: an uplink may have something to send. */
  readonly onWritten?: () => void;
  readonly limits?: Partial<HistoryLimits>;
}

/** Opens the history of a folder, or makes it, in its thread: returns at once, whatever the disk does. */
export function openHistory(options: HistoryOptions): History {
  return new OpenHistory(options);
}

/** That something was given up is shown for so long. */
const shedMemoryMs = 3_600_000;

class OpenHistory implements History {
  readonly #options: HistoryOptions;
  readonly #limits: HistoryLimits;
  readonly #thread: HistoryThread;
  readonly #waiting: WaitingWork;
  readonly #mostWriteBytes: number;
  /** Names the batches of this run. */
  readonly #run = randomId();
  #batches = 0;
  #uplinks: readonly UplinkNeed[];
  #sizeBytes: number;
  #fileFigures: HistoryFileFigures | undefined;
  #lastFailure: string | undefined;
  #isFailing = false;
  /** The disk refused it: it is tried again before anything else. */
  #failedBatch: Batch | undefined;
  #writing: Promise<void> | undefined;
  #gathering: Timer | undefined;
  #settling: Timer | undefined;
  #writtenBefore = 0;
  #sheddingUntilMono = Number.NEGATIVE_INFINITY;
  #closing: Promise<void> | undefined;
  #timeFix: TimeFix | undefined;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#limits = { ...defaultHistoryLimits, ...options.limits };
    this.#uplinks = options.uplinks;
    this.#sizeBytes = options.sizeBytes;
    this.#waiting = createWaitingWork(this.#limits.waitingBytes);
    this.#mostWriteBytes = mostWriteBytes(options.sizeBytes);
    const { clock, folder } = options;
    this.#thread = new HistoryThread({
      clock,
      hangMs: this.#limits.hangMs,
      opening: () => ({
        ...{ folder, openedAt: clock.wallMs(), sizeBytes: this.#sizeBytes, uplinks: this.#uplinks },
        timeFix: this.#timeFix,
      }),
      onFigures: figures => this.#takeFigures(figures),
      onState: (state, reason) => this.#follow(state, reason),
    });
  }

  append(work: HistoryWork): void {
    if (this.#closing) return;
    this.#waiting.add(packWork(work));
    const waitMs = this.#gatherMs();
    if (waitMs === 0) this.#write();
    else this.#gather(waitMs);
  }

  /** A full write does not wait for more, except where the disk refuses. */
  #gatherMs(): number {
    const { gatherBytes, gatherMs } = this.#limits;
    const isFull = this.#waiting.bytes >= Math.min(gatherBytes, this.#mostWriteBytes);
    return isFull && !this.#isFailing ? 0 : gatherMs;
  }

  useUplinks(needs: readonly UplinkNeed[]): void {
    this.#uplinks = needs;
    this.#tell(this.#thread.request('use-uplinks', needs));
  }

  resize(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
    this.#tell(this.#thread.request('resize', sizeBytes));
  }

  lastSummary(span: SummarySpan): Promise<number> {
    return this.#thread.request('last-summary', span);
  }

  async readSummaries(uplink: string, query: SummaryQuery): Promise<readonly NumberedSummary[]> {
    const packed = await this.#thread.request('read-summaries', { uplink, query });
    return unpackSummaries(packed, query.span);
  }

  async settleSummaries(uplink: string, span: SummarySpan, numbers: readonly number[]): Promise<void> {
    await this.#thread.request('settle', { uplink, span, numbers });
    const { clock } = this.#options;
    this.#settling ??= clock.at(clock.monoMs() + this.#limits.settleMs, () => {
      this.#settling = undefined;
      this.#tell(this.#thread.request('flush', undefined));
    });
  }

  readRaw(query: RawQuery): Promise<RawPage> {
    return this.#thread.request('read-raw', query);
  }

  readSummaryRows(query: RowQuery): Promise<RowPage> {
    return this.#thread.request('read-rows', query);
  }

  async correctTimes(fix: TimeFix): Promise<number> {
    this.#timeFix = fix;
    let rows = 0;
    for (;;) {
      const step = await this.#thread.request('correct-times', fix);
      if (step === 0) return rows;
      rows += step;
    }
  }

  makeRoom(bytes: number): Promise<number> {
    return this.#thread.request('make-room', bytes);
  }

  figures(): HistoryFigures {
    const { dropped, bytes } = this.#waiting;
    const file = this.#fileFigures;
    return {
      state: this.#state(),
      lastFailure: this.#lastFailure,
      setAside: file?.setAside,
      sizeBytes: file?.sizeBytes ?? 0,
      classes: file?.classes ?? { raw: nothing, '1min': nothing, '15min': nothing, '1day': nothing },
      uplinks: file?.uplinks ?? [],
      waitingBytes: bytes,
      droppedSamples: dropped.samples,
      droppedSummaries: dropped.summaries,
      writtenBytes: file?.writtenBytes === undefined ? undefined : this.#writtenBefore + file.writtenBytes,
    };
  }

  #state(): HistoryFigures['state'] {
    const { state } = this.#thread;
    if (this.#isFailing || state === 'hanging' || state === 'closed') return 'failing';
    if (this.#fileFigures === undefined) return 'opening';
    if (this.#options.clock.monoMs() < this.#sheddingUntilMono) return 'shedding';
    return this.#fileFigures.setAside === undefined ? 'ok' : 'set-aside';
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeInOrder();
    return this.#closing;
  }

  async #closeInOrder(): Promise<void> {
    const { clock } = this.#options;
    const { closeMs } = this.#limits;
    this.#gathering?.cancel();
    this.#settling?.cancel();
    const closed = new AbortController();
    await Promise.race([this.#finish(), clock.sleep(closeMs, closed.signal).catch(() => {})]);
    closed.abort();
    await this.#thread.end(closeMs);
  }

  async #finish(): Promise<void> {
    do await this.#write();
    while (this.#waiting.bytes > 0 && !this.#isFailing);
    await this.#thread.request('close', undefined).catch(() => {});
  }

  #gather(waitMs: number): void {
    const { clock } = this.#options;
    this.#gathering ??= clock.at(clock.monoMs() + waitMs, () => {
      this.#gathering = undefined;
      this.#write();
    });
  }

  /** One write is under way at a time; what comes meanwhile is in the next. */
  #write(): Promise<void> {
    if (this.#writing) return this.#writing;
    const { state } = this.#thread;
    if (state === 'hanging' || state === 'closed') {
      if (!this.#closing) this.#gather(this.#limits.gatherMs);
      return Promise.resolve();
    }
    const batch = this.#failedBatch ?? this.#nextBatch();
    this.#failedBatch = undefined;
    if (!batch) return Promise.resolve();
    this.#gathering?.cancel();
    this.#gathering = undefined;
    this.#writing = this.#thread.request('write', batch).then(
      () => this.#succeed(batch.work),
      (error: unknown) => this.#fail(batch, error),
    );
    return this.#writing;
  }

  #nextBatch(): Batch | undefined {
    const work = this.#waiting.take(this.#mostWriteBytes);
    if (!work) return undefined;
    this.#batches += 1;
    return { batch: `${this.#run}-${this.#batches}`, work };
  }

  #succeed(work: PackedWork): void {
    this.#writing = undefined;
    this.#waiting.done();
    if (this.#isFailing) this.#options.log.info({}, 'the history writes again');
    this.#isFailing = false;
    if (work.windows.length > 0) this.#options.onWritten?.();
    if (this.#waiting.bytes > 0 && !this.#closing) this.#gather(this.#gatherMs());
  }

  #fail(batch: Batch, error: unknown): void {
    this.#writing = undefined;
    this.#isFailing = true;
    this.#note(messageOf(error));
    // The answer may have been lost and not the work: under its old name it is not made twice.
    if (!(error instanceof RequestFailure) || error.isPassing) this.#failedBatch = batch;
    else {
      this.#waiting.done();
      this.#options.log.error({ failure: messageOf(error) }, 'history that cannot be written is given up');
    }
    if (!this.#closing) this.#gather(this.#limits.gatherMs);
  }

  #follow(state: ThreadState, reason: string | undefined): void {
    if (reason !== undefined) this.#note(reason);
    // What the disk did not let be corrected, or a broken thread has left.
    if (state === 'open' && this.#timeFix) this.#tell(this.correctTimes(this.#timeFix));
    if (state !== 'closed' || this.#fileFigures?.writtenBytes === undefined) return;
    // The next thread counts from zero.
    this.#writtenBefore += this.#fileFigures.writtenBytes;
    this.#fileFigures = { ...this.#fileFigures, writtenBytes: 0 };
  }

  #takeFigures(figures: HistoryFileFigures): void {
    const { setAside } = figures;
    if (setAside !== undefined && setAside !== this.#fileFigures?.setAside)
      this.#options.log.error({ setAside }, 'a broken history was set aside; a new one is begun');
    if (this.#fileFigures && shedRows(figures) > shedRows(this.#fileFigures)) {
      const { clock, log } = this.#options;
      if (clock.monoMs() >= this.#sheddingUntilMono)
        log.warn({}, 'there is no room for the history: the oldest of it goes');
      this.#sheddingUntilMono = clock.monoMs() + shedMemoryMs;
    }
    this.#fileFigures = figures;
  }

  /** What nobody waits for: a failure shows in the figures. */
  #tell(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#note(messageOf(error)));
  }

  /** One line in the log for each kind of trouble, not one per try. */
  #note(failure: string): void {
    if (failure !== this.#lastFailure)
      this.#options.log.warn({ failure }, 'the history fails; what it should keep is given up from the oldest on');
    this.#lastFailure = failure;
  }
}

type Batch = HistoryRequests['write']['body'];

function shedRows({ classes }: HistoryFileFigures): number {
  return Object.values(classes).reduce((sum, one) => sum + one.shedRows, 0);
}

const nothing: ClassFigures = { bytes: 0, oldestAt: undefined, shedRows: 0 };
