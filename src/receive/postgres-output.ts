import type { Client } from 'pg';
import type { Clock } from '../base/clock.ts';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { Arrival, ArrivedRecord, RecordKind } from './arrival.ts';
import { mostGateways, type Output, type Written } from './output.ts';
import {
  insertForeign,
  insertGivenUp,
  insertRecords,
  keepMark,
  selectMark,
  selectMarks,
  tables,
} from './postgres-tables.ts';
import { advance, gapsOf, giveUpGaps, parseEventId, type Watermark } from './watermark.ts';

/**
 * Tables in a PostgreSQL database, made when they are missing. Records and how far a gateway has come are written in one
 * transaction. The driver `pg` is no part of plantroom's own installation.
 *
 * @throws PlantroomError `not-found` without the driver, `storage` when the database refuses
 */
export async function openPostgresOutput(url: string, clock: Clock): Promise<Output> {
  const { Client } = await loadDriver();
  let client: Client | undefined;
  try {
    client = new Client({ connectionString: url, application_name: 'plantroom receive', keepAlive: true });
    await client.connect();
    // Whatever the server's default: what is committed here has reached its disk.
    await client.query('SET synchronous_commit = on');
    await client.query(tables);
    const { rows } = await client.query<{ gateway: string; mark: Watermark }>(selectMarks);
    const marks = new Map(rows.map(({ gateway, mark }) => [gateway, mark]));
    return new PostgresOutput(nameOf(client), client, marks, clock);
  } catch (thrown) {
    await client?.end().catch(() => {});
    throw refused(thrown);
  }
}

async function loadDriver(): Promise<Pick<typeof import('pg'), 'Client'>> {
  try {
    return await import('pg');
  } catch (thrown) {
    if (codeOf(thrown) !== 'ERR_MODULE_NOT_FOUND') throw thrown;
    throw new PlantroomError('the PostgreSQL driver "pg" is not installed', {
      kind: 'not-found',
      hint: 'install it in the folder of plantroom: npm install --no-save pg@8; or write a file with --out',
      cause: thrown,
    });
  }
}

class PostgresOutput implements Output {
  readonly name: string;
  readonly #client: Client;
  readonly #marks: Map<string, Watermark>;
  readonly #clock: Clock;
  #lost: unknown;

  constructor(name: string, client: Client, marks: Map<string, Watermark>, clock: Clock) {
    this.name = name;
    this.#client = client;
    this.#marks = marks;
    this.#clock = clock;
    // Without a listener a server that goes away would end the process. The next query fails, and tells.
    client.on('error', error => {
      this.#lost ??= error;
    });
  }

  marks(): ReadonlyMap<string, Watermark> {
    return this.#marks;
  }

  async write({ gateway, records }: Arrival, receivedAt: number): Promise<Written> {
    const at = new Date(receivedAt).toISOString();
    const own = records.filter(({ id }) => id !== undefined);
    const foreign = records.filter(({ id }) => id === undefined);
    return this.#transaction(async () => {
      const isFollowed = this.#marks.has(gateway) || this.#marks.size < mostGateways;
      const names = own.flatMap(({ kind, id = '' }) => (kind === 'alarm' ? (parseEventId(id) ?? []) : []));
      const before = names.length > 0 && isFollowed ? await this.#lockMark(gateway) : undefined;
      const { rows } = await this.#client.query<{ kind: RecordKind }>(insertRecords, [gateway, at, ...columnsOf(own)]);
      if (foreign.length > 0) {
        await this.#client.query(insertForeign, [gateway, at, foreign.map(({ body }) => cleanJson(body))]);
      }
      const mark = isFollowed ? names.reduce<Watermark | undefined>(advance, before) : undefined;
      if (mark !== undefined) await this.#client.query(keepMark, [gateway, JSON.stringify(mark)]);
      const fresh: Partial<Record<RecordKind, number>> = foreign.length > 0 ? { foreign: foreign.length } : {};
      for (const { kind } of rows) fresh[kind] = (fresh[kind] ?? 0) + 1;
      const written = { fresh, duplicates: own.length - rows.length };
      return { written, afterCommit: () => mark !== undefined && this.#marks.set(gateway, mark) };
    });
  }

  async giveUpGaps(): Promise<void> {
    const at = new Date(this.#clock.wallMs()).toISOString();
    for (const gateway of [...this.#marks.keys()]) {
      await this.#transaction(async () => {
        const before = await this.#lockMark(gateway);
        const missing = before === undefined ? [] : gapsOf(before);
        if (before === undefined || missing.length === 0) return { written: undefined, afterCommit() {} };
        const mark = giveUpGaps(before);
        await this.#client.query(insertGivenUp, [gateway, at, JSON.stringify(missing)]);
        await this.#client.query(keepMark, [gateway, JSON.stringify(mark)]);
        return { written: undefined, afterCommit: () => this.#marks.set(gateway, mark) };
      });
    }
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  async #lockMark(gateway: string): Promise<Watermark | undefined> {
    const { rows } = await this.#client.query<{ mark: Watermark }>(selectMark, [gateway]);
    return rows[0]?.mark;
  }

  async #transaction<Result>(
    work: () => Promise<{ readonly written: Result; readonly afterCommit: () => unknown }>,
  ): Promise<Result> {
    try {
      if (this.#lost !== undefined) throw this.#lost;
      await this.#client.query('BEGIN');
      const { written, afterCommit } = await work();
      await this.#client.query('COMMIT');
      afterCommit();
      return written;
    } catch (thrown) {
      // The connection is not used again: with its end the server rolls back.
      throw refused(thrown);
    }
  }
}

function columnsOf(records: readonly ArrivedRecord[]): readonly (readonly (string | null)[])[] {
  return [
    records.map(({ id = '' }) => id),
    records.map(({ kind }) => kind),
    records.map(({ time }) => timeOf(time)),
    records.map(({ body }) => cleanJson(body)),
  ];
}

const lastTimeMs = Date.UTC(9999, 11, 31);

/** Null for a text that is no time; the body still has it. */
function timeOf(text: string | undefined): string | null {
  const ms = Date.parse(text ?? '');
  return ms >= 0 && ms <= lastTimeMs ? new Date(ms).toISOString() : null;
}

/** jsonb takes neither the character 0 nor half a surrogate pair; a message with one must not stop all that follow. */
function cleanJson(body: unknown): string {
  const clean = (text: string) => text.replaceAll('\0', '\u{fffd}').toWellFormed();
  return JSON.stringify(body, (_key, value: unknown) => {
    if (typeof value === 'string') return clean(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean(key), item]));
  });
}

/** Without the password. */
function nameOf({ host, port, database }: Client): string {
  return `postgres://${host}:${port}/${database ?? ''}`;
}

/** A host of several addresses that all refuse is told without a message, only with a code. */
function reasonOf(thrown: unknown): string {
  return thrown instanceof AggregateError ? (codeOf(thrown) ?? 'no connection') : messageOf(thrown);
}

function refused(thrown: unknown): PlantroomError {
  if (thrown instanceof PlantroomError) return thrown;
  return new PlantroomError(`the database refuses: ${reasonOf(thrown)}`, {
    kind: 'storage',
    hint: 'look at its log, and at the rights of its user; the broker keeps what was not acknowledged',
    cause: thrown,
  });
}
