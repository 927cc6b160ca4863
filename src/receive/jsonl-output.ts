import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { Arrival, ArrivedRecord, RecordKind } from './arrival.ts';
import { formatGivenUp, formatRecord, parseLine } from './jsonl-lines.ts';
import { mostGateways, type Output, type Written } from './output.ts';
import { createSeenIds, hasSeen, noteSeen, type SeenIds } from './seen-ids.ts';
import { advance, gapsOf, giveUpGaps, parseEventId, type Watermark } from './watermark.ts';

/** Spans of ids kept in memory, some 100 bytes each; see seen-ids.ts. */
const mostSeen = 1_000_000;

/** Longer than any line of ours: what has one is another kind of file. */
const longestLineBytes = 64 * 1024 * 1024;

/**
 * JSON lines in a file, one for each record. The file is the memory too: it is read when it is opened, so that nothing
 * can be in one and not in the other. A line that a power cut left unfinished was never acknowledged, and is cut off.
 *
 * @throws PlantroomError `busy` while another receiver writes it, `storage` when it cannot be opened, or holds lines of
 *   somebody else
 */
export async function openJsonlOutput(path: string, clock: Clock): Promise<Output> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o640);
  } catch (thrown) {
    throw refused(path, thrown);
  }
  let lock: Server | undefined;
  try {
    lock = await lockFile(handle, path);
    const memory = await readBack(handle, path);
    await handle.truncate(memory.bytes);
    await handle.datasync();
    await syncFolderOf(path);
    return new JsonlOutput(path, handle, lock, memory, clock);
  } catch (thrown) {
    lock?.close();
    await handle.close();
    throw thrown instanceof PlantroomError ? thrown : refused(path, thrown);
  }
}

interface Memory {
  readonly seen: SeenIds;
  readonly marks: Map<string, Watermark>;
  /** How much of the file is whole lines. */
  bytes: number;
}

class JsonlOutput implements Output {
  readonly name: string;
  readonly #handle: FileHandle;
  readonly #lock: Server;
  readonly #memory: Memory;
  readonly #clock: Clock;

  constructor(path: string, handle: FileHandle, lock: Server, memory: Memory, clock: Clock) {
    this.name = path;
    this.#handle = handle;
    this.#lock = lock;
    this.#memory = memory;
    this.#clock = clock;
  }

  marks(): ReadonlyMap<string, Watermark> {
    return this.#memory.marks;
  }

  async write({ gateway, records }: Arrival, receivedAt: number): Promise<Written> {
    const fresh = freshOf(this.#memory.seen, gateway, records);
    if (fresh.length > 0) await this.#append(fresh.map(record => formatRecord(gateway, record, receivedAt)).join(''));
    const counts: Partial<Record<RecordKind, number>> = {};
    for (const { kind } of fresh) counts[kind] = (counts[kind] ?? 0) + 1;
    for (const { kind, id } of records) note(this.#memory, kind, gateway, id);
    return { fresh: counts, duplicates: records.length - fresh.length };
  }

  async giveUpGaps(): Promise<void> {
    const { marks } = this.#memory;
    const behind = [...marks].filter(([, mark]) => mark.ahead.length > 0);
    const lines = behind.map(([gateway, mark]) => formatGivenUp(gateway, gapsOf(mark), this.#clock.wallMs()));
    if (lines.length > 0) await this.#append(lines.join(''));
    for (const [gateway, mark] of behind) marks.set(gateway, giveUpGaps(mark));
  }

  close(): Promise<void> {
    this.#lock.close();
    return this.#handle.close();
  }

  async #append(text: string): Promise<void> {
    try {
      const { size } = await this.#handle.stat();
      if (size !== this.#memory.bytes) throw written(this.name);
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, this.#memory.bytes + done);
        done += bytesWritten;
      }
      await this.#handle.datasync();
      this.#memory.bytes += bytes.length;
    } catch (thrown) {
      throw thrown instanceof PlantroomError ? thrown : refused(this.name, thrown);
    }
  }
}

/**
 * Keeps other receivers off the file for as long as this process lives. The lock is an abstract socket of Linux, named
 * after the file: the kernel lets one process have it, and takes it back however that ends (unix(7)).
 */
async function lockFile(handle: FileHandle, path: string): Promise<Server> {
  const { dev, ino } = await handle.stat();
  const server = createServer(socket => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(`\0plantroom-receive-${dev}-${ino}`, resolve);
    });
  } catch (thrown) {
    throw codeOf(thrown) === 'EADDRINUSE' ? written(path) : thrown;
  }
  server.unref();
  return server;
}

/** Without those that were here before, and those that one message holds twice. */
function freshOf(seen: SeenIds, gateway: string, records: readonly ArrivedRecord[]): readonly ArrivedRecord[] {
  const here = new Set<string>();
  return records.filter(({ id }) => {
    if (id === undefined) return true;
    if (here.has(id) || hasSeen(seen, seenName(gateway, id))) return false;
    here.add(id);
    return true;
  });
}

function note(memory: Memory, kind: RecordKind, gateway: string, id: string | undefined): void {
  if (id === undefined) return;
  noteSeen(memory.seen, seenName(gateway, id));
  const name = kind === 'alarm' ? parseEventId(id) : undefined;
  if (name === undefined) return;
  const mark = memory.marks.get(gateway);
  if (mark !== undefined || memory.marks.size < mostGateways) memory.marks.set(gateway, advance(mark, name));
}

function seenName(gateway: string, id: string): string {
  return `${gateway}/${id}`;
}

/** Reads the file from its beginning; a line without an end is left out of `bytes`. */
async function readBack(handle: FileHandle, path: string): Promise<Memory> {
  const memory: Memory = { seen: createSeenIds(mostSeen), marks: new Map(), bytes: 0 };
  let rest = Buffer.alloc(0);
  let lines = 0;
  for await (const chunk of handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 1024 * 1024 })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      lines += 1;
      takeLine(memory, rest.toString('utf8', 0, end), path, lines);
      memory.bytes += end + 1;
      rest = rest.subarray(end + 1);
    }
    if (rest.length > longestLineBytes) throw notOurs(path, lines + 1);
  }
  return memory;
}

function takeLine(memory: Memory, text: string, path: string, number: number): void {
  const line = parseLine(text);
  if (line === undefined) throw notOurs(path, number);
  if (line.kind !== 'given-up') {
    note(memory, line.kind, line.gateway, line.id);
    return;
  }
  const mark = memory.marks.get(line.gateway);
  if (mark !== undefined) memory.marks.set(line.gateway, giveUpGaps(mark));
}

/** A new file is only certain once its folder has reached the disk. */
async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function refused(path: string, thrown: unknown): PlantroomError {
  const code = codeOf(thrown);
  return new PlantroomError(`the file ${path} cannot be written: ${messageOf(thrown)}`, {
    kind: 'storage',
    hint:
      code === 'ENOSPC' || code === 'EDQUOT'
        ? 'the disk is full: free some space and start again; the broker keeps what was not acknowledged'
        : 'name a file in a folder that may be written; the broker keeps what was not acknowledged',
    cause: thrown,
  });
}

function written(path: string): PlantroomError {
  return new PlantroomError(`another program writes into ${path}`, {
    kind: 'busy',
    hint: 'let one receiver write one file; the broker keeps what was not acknowledged',
  });
}

function notOurs(path: string, line: number): PlantroomError {
  return new PlantroomError(`line ${line} of ${path} was not written by plantroom receive`, {
    kind: 'storage',
    hint: `name another file; or, when only its end is damaged, keep what stands before: head -n ${line - 1} FILE > NEW-FILE`,
  });
}
