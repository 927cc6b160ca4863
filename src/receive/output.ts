import type { Arrival, RecordKind } from './arrival.ts';
import type { Watermark } from './watermark.ts';

/** Where a receiver keeps what has arrived. What it has, it has for good: it knows duplicates over its own restarts. */
export interface Output {
  /** For people. */
  readonly name: string;
  /** How far each gateway's alarm events have arrived, as of what is durable. */
  marks(): ReadonlyMap<string, Watermark>;
  /**
   * Resolves when all of it is durable. Rejects with PlantroomError `storage` when it may not be, or `busy` when
   * somebody else writes here too; nothing may be acknowledged then, and the output is of no more use.
   */
  write(arrival: Arrival, receivedAt: number): Promise<Written>;
  /** Counts all that is missing as lost, for good. */
  giveUpGaps(): Promise<void>;
  close(): Promise<void>;
}

export interface Written {
  /** Of each kind, how many were new. */
  readonly fresh: Readonly<Partial<Record<RecordKind, number>>>;
  readonly duplicates: number;
}

/** Gateways that are followed. What others send is stored, but not confirmed. */
export const mostGateways = 10_000;
