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

export function createSummarySource(
  outbox: Outbox,
  topic: string,
  gatewayId: string,
  longestPacketBytes: number,
): LaneSource {
  let longestBytes = Math.min(longestSummaryBytes, payloadRoomBytes(longestPacketBytes, topic));
  return {
    topic,
    window: summaryWindow,
    async read(after, limit) {
      const rows = await outbox.readSummaryOutbox(after, limit);
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
      longestBytes = Math.max(shortestSummaryBytes, Math.min(longestBytes, halfBytes));
    },
  };
}
