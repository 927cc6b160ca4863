import type { AlarmEvent } from '../model/alarm.ts';
import type { SummaryRecord } from '../model/summary.ts';
import { longestWindow } from './drain.ts';
import type { LaneSource } from './lane.ts';
import { payloadRoomBytes } from './packet.ts';
import { encodeAlarm, encodeSummary } from './payload.ts';

/** The part of the store that the uplink needs. Both lanes are read in order of their numbers, oldest first. */
export interface Outbox {
  readAlarmOutbox(after: number, limit: number): Promise<readonly AlarmEvent[]>;
  readSummaryOutbox(
    after: number,
    limit: number,
  ): Promise<readonly { readonly number: number; readonly record: SummaryRecord }[]>;
  settleAlarms(numbers: readonly number[]): Promise<void>;
  settleSummaries(numbers: readonly number[]): Promise<void>;
}

/**
 * Summaries in flight and their length are kept small, so that the alarm behind them waits for at most 64 KiB of
 * them: 8 s on a line of 64 kbit/s, which is within the deadline of a publish.
 */
const summaryWindow = 4;
const longestSummaryBytes = 16_384;

/** A broker that finds even this too large is not helped by cutting. */
const shortestSummaryBytes = 512;

export function createAlarmSource(outbox: Outbox, topic: string, gatewayId: string): LaneSource {
  return {
    topic,
    window: longestWindow,
    async read(after, limit) {
      const events = await outbox.readAlarmOutbox(after, limit);
      return events.map(event => ({
        number: event.number,
        messages: [{ topic, payload: encodeAlarm(event, gatewayId), isRetained: false }],
        event,
      }));
    },
    settle: numbers => outbox.settleAlarms(numbers),
    // An alarm event is one message, always: it waits until the broker takes it.
    cutSmaller() {},
  };
}

export interface SummarySource extends LaneSource {
  /** The broker of the connection that begins takes packets of this length at most. */
  fit(longestPacketBytes: number): void;
}

/** What it learns from refusals about the size a broker takes holds for as long as it lives, over all connections. */
export function createSummarySource(outbox: Outbox, topic: string, gatewayId: string): SummarySource {
  let grantedBytes = longestSummaryBytes;
  let learnedBytes = longestSummaryBytes;
  return {
    topic,
    window: summaryWindow,
    async read(after, limit) {
      const rows = await outbox.readSummaryOutbox(after, limit);
      const longestBytes = Math.min(grantedBytes, learnedBytes);
      return rows.map(({ number, record }) => ({
        number,
        messages: encodeSummary(record, gatewayId, longestBytes).map(payload => ({
          topic,
          payload,
          isRetained: false,
        })),
        event: undefined,
      }));
    },
    settle: numbers => outbox.settleSummaries(numbers),
    cutSmaller(message) {
      const halfBytes = Math.floor(Buffer.byteLength(message.payload) / 2);
      learnedBytes = Math.max(shortestSummaryBytes, Math.min(learnedBytes, halfBytes));
    },
    fit(longestPacketBytes) {
      grantedBytes = payloadRoomBytes(longestPacketBytes, topic);
    },
  };
}
