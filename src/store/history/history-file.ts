import { mkdirSync } from 'node:fs';
import { codeOf } from '../../base/errors.ts';
import type { SummaryQuery } from '../../model/outbox.ts';
import type { SummarySpan } from '../../model/summary.ts';
import { type Database, giveBackPages, limitPages, pagesOwed, readNumberPragma, restartWal } from '../database.ts';
import { isBroken } from '../examine.ts';
import type { TimeFix } from '../messages.ts';
import { createReserve, type Reserve } from '../reserve.ts';
import { writtenBytes } from '../written-bytes.ts';
import { fileBytes, type HistoryPaths, historyPaths, removeSetAside, setHistoryAside } from './history-paths.ts';
import {
  chunksPerStep,
  fileShare,
  type HistoryClass,
  historyClasses,
  pageBytes,
  readRows,
  reserveFor,
  shedsPerWrite,
  vacuumPages,
} from './limits.ts';
import type { HistoryFileFigures, PackedSummaries, PackedWork, UplinkNeed } from './messages.ts';
import { openHistoryFile, walPagesFor } from './open-history-file.ts';
import type { Reading } from './reading.ts';
import {
  addWork,
  budgetOf,
  classFigures,
  countShed,
  type HistorySession,
  hasWork,
  readUnsent,
  removeOldest,
  startHistorySession,
} from './session.ts';
import { correctStep } from './time-correction.ts';
import { countUpTo } from './unsent.ts';
import { dropUnsent, haveChanged, readUplinks, settle, type Uplinks, useUplinks, writeUplinks } from './uplinks.ts';

export interface HistoryFileOptions {
  readonly folder: string;
  /** Wall time; dates the name of a broken file. */
  readonly openedAt: number;
  readonly sizeBytes: number;
  readonly uplinks: readonly UplinkNeed[];
  /** Once the clock is set. */
  readonly timeFix?: TimeFix | undefined;
}

/**
 * history.db, as its worker thread sees it. Every call blocks until the disk has answered and either is done or throws and
 * has changed nothing. A broken file is set aside and a new one begun, in the middle of a call where it shows there.
 */
export class HistoryFile {
  readonly #paths: HistoryPaths;
  readonly #openedAt: number;
  readonly #reserve: Reserve;
  #sizeBytes: number;
  #needs: readonly UplinkNeed[];
  #database: Database | undefined;
  #session: HistorySession | undefined;
  #uplinks: Uplinks = new Map();
  #hasUnwritten = false;
  #timeFix: TimeFix | undefined;
  #setAside: string | undefined;
  /** Of the file before, where that broke: readers that count on rising numbers go on. */
  #floors = new Map<HistoryClass, number>();

  constructor({ folder, openedAt, sizeBytes, uplinks, timeFix }: HistoryFileOptions) {
    mkdirSync(folder, { recursive: true });
    this.#paths = historyPaths(folder);
    this.#openedAt = openedAt;
    this.#sizeBytes = sizeBytes;
    this.#needs = uplinks;
    this.#timeFix = timeFix;
    this.#reserve = createReserve(this.#paths.reserve, folder, reserveFor(sizeBytes));
    this.#attempt(() => this.#ready());
    this.#restoreReserve();
  }

  /** The same batch may be handed in again when its answer was lost. */
  write(batch: string, work: PackedWork): void {
    this.#attempt(() => {
      // Perhaps it is only the write-ahead file that has no room left; then nothing needs to go.
      for (let chunks = 0; ; chunks = Math.max(1, 2 * chunks)) {
        try {
          if (!hasWork(this.#ready(), batch)) this.#add(batch, work);
          return;
        } catch (error) {
          if (codeOf(error) !== 'SQLITE_FULL' || chunks > shedsPerWrite) throw error;
          if (chunks > 0 && !this.#shed(chunks)) throw error;
          this.#restartWal();
        }
      }
    });
  }

  #add(batch: string, work: PackedWork): void {
    this.#commit(session => addWork(session, { batch, work }, this.#sizeBytes, this.#timeFix));
  }

  /** One step; what is written from now on is put right on the way. Returns 0 when nothing is left. */
  correctTimes(fix: TimeFix): number {
    this.#timeFix = fix;
    return this.#attempt(() => this.#commit(session => correctStep(session, fix, this.#isSent)));
  }

  readonly #isSent = (kind: HistoryClass, number: number): boolean =>
    Array.from(this.#uplinks.values()).some(
      ({ span, unsent }) => span === kind && countUpTo(unsent, number) === countUpTo(unsent, number - 1),
    );

  /** In memory until the next write or flush. */
  settle(uplink: string, span: SummarySpan, numbers: readonly number[]): void {
    if (settle(this.#uplinks, uplink, span, numbers)) this.#hasUnwritten = true;
  }

  flush(): void {
    if (this.#hasUnwritten) this.#attempt(() => this.#commit(() => {}));
  }

  useUplinks(needs: readonly UplinkNeed[]): void {
    this.#needs = needs;
    const { classes } = this.#ready();
    this.#uplinks = useUplinks(this.#uplinks, needs, span => classes[span].lastNumber);
    this.#hasUnwritten = true;
    this.flush();
  }

  lastSummary(span: SummarySpan): number {
    return this.#attempt(() => this.#ready().classes[span].lastNumber);
  }

  readSummaries(uplink: string, query: SummaryQuery): PackedSummaries {
    const bounded = { ...query, limit: Math.min(query.limit, readRows) };
    return this.#attempt(() => {
      const session = this.#ready();
      const state = this.#uplinks.get(uplink);
      return state?.span === query.span ? readUnsent(session, state.unsent, bounded) : { rows: [], layouts: [] };
    });
  }

  read<Answer>(ask: (reading: Reading) => Answer): Answer {
    return this.#attempt(() => ask(this.#ready().reading));
  }

  resize(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
    if (this.#database) this.#limit(this.#database);
  }

  /** Gives space back to the disk, for others that need it more. Returns how many bytes the file is shorter now. */
  makeRoom(bytes: number): number {
    const before = this.#fileBytes();
    const pages = Math.ceil(bytes / pageBytes);
    this.#attempt(() => {
      for (let chunks = 1; chunks <= shedsPerWrite && this.#freePages() < pages && this.#shed(chunks); ) chunks *= 2;
      const { database } = this.#ready();
      giveBackPages(database, pages);
      restartWal(database, 'give-back');
    });
    return before - this.#fileBytes();
  }

  /** Retention and the reserve; to be called after a write has been answered. */
  tidy(): void {
    this.#restoreReserve();
    const { database } = this.#ready();
    for (let step = 0; step < chunksPerStep; step += 1) {
      const over = historyClasses.find(kind => this.#isOver(kind));
      if (!over) break;
      this.#commit(session => this.#removeOldest(session, over));
    }
    if (readNumberPragma(database, 'page_count') <= this.#mostPages()) return;
    giveBackPages(database, vacuumPages);
    this.#limit(database);
  }

  figures(): HistoryFileFigures | undefined {
    const session = this.#session;
    if (!session) return undefined;
    return {
      classes: classFigures(session),
      uplinks: Array.from(this.#uplinks.values(), ({ id, span, unsent, dropped }) => ({
        ...{ id, dropped, unsent: countUpTo(unsent, session.classes[span].lastNumber) },
      })),
      sizeBytes: this.#fileBytes(),
      setAside: this.#setAside,
      writtenBytes: writtenBytes(),
    };
  }

  close(): void {
    try {
      this.flush();
    } finally {
      this.#drop();
    }
  }

  #isOver(kind: HistoryClass): boolean {
    return this.#ready().classes[kind].bytes > budgetOf(kind, this.#sizeBytes);
  }

  #removeOldest(session: HistorySession, kind: HistoryClass): number {
    const chunk = removeOldest(session, kind);
    if (!chunk) return 0;
    if (kind !== 'raw') dropUnsent(this.#uplinks, kind, chunk);
    return chunk.last - chunk.first + 1;
  }

  /** Makes room on a full disk or in a full file: what is worth the least goes first. False when nothing more can go. */
  #shed(chunks: number): boolean {
    if (this.#isDiskFull() && removeSetAside(this.#paths)) return true;
    const shed = () =>
      this.#commit(session => {
        let left = chunks;
        for (const kind of historyClasses) {
          for (; left > 0; left -= 1) {
            const rows = this.#removeOldest(session, kind);
            if (rows === 0) break;
            countShed(session, kind, rows);
          }
        }
        return left < chunks;
      });
    return this.#inRoom(shed);
  }

  /** Also what gives something up needs room to write it down: that of the write-ahead file, or the reserve. */
  #inRoom(work: () => boolean): boolean {
    for (const makeRoom of [() => this.#restartWal(), () => this.#spendReserve()]) {
      try {
        return work();
      } catch (error) {
        if (codeOf(error) !== 'SQLITE_FULL') throw error;
        makeRoom();
      }
    }
    return work();
  }

  #spendReserve(): void {
    if (!this.#reserve.release()) return;
    this.#restartWal();
    this.#limit(this.#ready().database);
  }

  #restoreReserve(): void {
    if (this.#reserve.isHeld()) return;
    this.#reserve.restore();
    this.#limit(this.#ready().database);
  }

  /** Begins the write-ahead file anew, in the space that it has. False when the database has no room for what is in it. */
  #restartWal(): boolean {
    try {
      return restartWal(this.#ready().database, 'keep-space');
    } catch (error) {
      if (codeOf(error) === 'SQLITE_FULL') return false;
      throw error;
    }
  }

  #isDiskFull(): boolean {
    return readNumberPragma(this.#ready().database, 'page_count') < this.#mostPages();
  }

  /** One transaction, which takes with it what was settled. What is known in memory follows it. */
  #commit<Result>(change: (session: HistorySession) => Result): Result {
    const session = this.#ready();
    this.#keepWalShort(session.database);
    const uplinks = new Map(this.#uplinks);
    try {
      const result = session.database
        .transaction(() => {
          const changed = change(session);
          if (this.#hasUnwritten || haveChanged(this.#uplinks, uplinks)) writeUplinks(session.database, this.#uplinks);
          return changed;
        })
        .immediate();
      this.#hasUnwritten = false;
      return result;
    } catch (error) {
      this.#uplinks = uplinks;
      this.#session = undefined;
      throw error;
    }
  }

  /**
   * A write-ahead file that was not emptied at its length holds what the database has no room for: more must not be added,
   * or the reserve is too small for it one day. Throws SQLITE_FULL then.
   */
  #keepWalShort(database: Database): void {
    if (pagesOwed(database) >= walPagesFor(this.#sizeBytes)) restartWal(database, 'keep-space');
  }

  /** Once more with a new file when the old one turns out to be broken; opened anew next time when the disk fails. */
  #attempt<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!/^SQLITE_/.test(codeOf(error) ?? '')) throw error;
      if (isBroken(error)) {
        this.#replace();
        return work();
      }
      if (codeOf(error) !== 'SQLITE_FULL') this.#drop();
      throw error;
    }
  }

  #replace(): void {
    for (const kind of historyClasses) this.#floors.set(kind, this.#session?.classes[kind].lastNumber ?? 0);
    this.#drop();
    this.#setAside = setHistoryAside(this.#paths, this.#openedAt);
    this.#uplinks = new Map();
  }

  #drop(): void {
    const database = this.#database;
    this.#database = undefined;
    this.#session = undefined;
    try {
      database?.close();
    } catch {
      // It failed before; that it fails again changes nothing.
    }
  }

  #ready(): HistorySession {
    this.#database ??= this.#open();
    this.#session ??= startHistorySession(this.#database);
    return this.#session;
  }

  #open(): Database {
    const database = openHistoryFile(this.#paths, this.#sizeBytes, this.#floors);
    try {
      this.#limit(database);
      // What was settled before the disk failed is known here and perhaps not there.
      if (this.#uplinks.size === 0) this.#uplinks = readUplinks(database);
      const { classes } = startHistorySession(database);
      const used = useUplinks(this.#uplinks, this.#needs, span => classes[span].lastNumber);
      this.#hasUnwritten ||= haveChanged(used, this.#uplinks);
      this.#uplinks = used;
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #mostPages(): number {
    return Math.floor((this.#sizeBytes * fileShare) / pageBytes);
  }

  /**
   * Without a reserve the file only grows where the disk has as much, and room for each page in both files: what is in the
   * write-ahead file always has to fit into the database.
   */
  #limit(database: Database): void {
    const grown = readNumberPragma(database, 'page_count') + Math.floor(this.#reserve.spareBytes() / 2 / pageBytes);
    limitPages(database, this.#reserve.isHeld() ? this.#mostPages() : Math.min(grown, this.#mostPages()));
  }

  #freePages(): number {
    return readNumberPragma(this.#ready().database, 'freelist_count');
  }

  #fileBytes(): number {
    return fileBytes(this.#paths.database) + fileBytes(`${this.#paths.database}-wal`);
  }
}
