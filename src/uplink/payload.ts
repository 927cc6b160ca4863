import type { AlarmEvent } from '../model/alarm.ts';
import type { Summary, SummaryRecord } from '../model/summary.ts';

/**
 * What goes over the wire: CloudEvents 1.0 in their JSON form. Pure. The contract is docs/mqtt.md with docs/schemas/;
 * a field may be added here, none may change its meaning or go.
 */

/** MQTT 5 content type of every message. */
export const contentType = 'application/cloudevents+json';

/** Years 1970 to 9999: what RFC 3339 can write. A broken time stamp must never keep an alarm from being sent. */
const lastWritableMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Wall time as RFC 3339 with milliseconds, in UTC. */
export function formatTime(wallMs: number): string {
  const writableMs = Number.isFinite(wallMs) ? Math.min(Math.max(0, wallMs), lastWritableMs) : 0;
  return new Date(writableMs).toISOString();
}

interface Envelope {
  readonly id: string;
  readonly gatewayId: string;
  readonly type: string;
  readonly subject: string;
  readonly at: number;
}

function encode(envelope: Envelope, data: Record<string, unknown>): string {
  return JSON.stringify({
    specversion: '1.0',
    id: envelope.id,
    source: `plantroom/${envelope.gatewayId}`,
    type: envelope.type,
    subject: envelope.subject,
    time: formatTime(envelope.at),
    datacontenttype: 'application/json',
    data,
  });
}

/** One alarm event. Every key is always there; what an event does not have is null. */
export function encodeAlarm(event: AlarmEvent, gatewayId: string): string {
  return encode(
    {
      id: event.id,
      gatewayId,
      type: `plantroom.alarm.${event.kind}`,
      subject: event.alarm,
      at: event.sampledAt,
    },
    {
      number: event.number,
      alarm: event.alarm,
      occurrence: event.occurrence,
      rule: event.rule,
      priority: event.priority,
      message: event.message,
      device: event.device,
      deviceName: event.deviceName,
      point: event.point ?? null,
      pointName: event.pointName ?? null,
      value: event.value ?? null,
      unit: event.unit,
      state: event.state ?? null,
      limit: event.limit ?? null,
      sampledAt: formatTime(event.sampledAt),
      detectedAt: formatTime(event.detectedAt),
    },
  );
}

/**
 * One device's window as one payload, or as several when it is longer than `longestBytes`. Each part has an id of its
 * own that names the points it holds (`…-p1-40`), so it is the same however often the record is sent. A single point
 * is never cut: its payload may be longer than asked.
 */
export function encodeSummary(record: SummaryRecord, gatewayId: string, longestBytes: number): readonly string[] {
  return encodePoints(record, gatewayId, longestBytes, 0, record.points.length);
}

function encodePoints(
  record: SummaryRecord,
  gatewayId: string,
  longestBytes: number,
  first: number,
  end: number,
): readonly string[] {
  const isWhole = first === 0 && end === record.points.length;
  const payload = encode(
    {
      id: isWhole ? record.id : `${record.id}-p${first + 1}-${end}`,
      gatewayId,
      type: 'plantroom.summary',
      subject: record.device,
      at: record.windowEnd,
    },
    {
      device: record.device,
      windowStart: formatTime(record.windowStart),
      windowEnd: formatTime(record.windowEnd),
      points: record.points.slice(first, end).map(summaryFields),
    },
  );
  if (end - first <= 1 || Buffer.byteLength(payload) <= longestBytes) return [payload];
  const middle = (first + end) >>> 1;
  return [
    ...encodePoints(record, gatewayId, longestBytes, first, middle),
    ...encodePoints(record, gatewayId, longestBytes, middle, end),
  ];
}

function summaryFields(summary: Summary): Record<string, unknown> {
  return {
    point: summary.point,
    unit: summary.unit,
    count: summary.count,
    min: summary.min ?? null,
    max: summary.max ?? null,
    mean: summary.mean ?? null,
    last: summary.last ?? null,
    goodShare: summary.goodShare,
  };
}

/** Why the gateway is on or off line: it connected, it was stopped, or the broker noticed that it is gone (the will). */
export type StatusReason = 'connected' | 'stopped' | 'lost';

export interface StatusFields {
  readonly id: string;
  readonly gateway: { readonly id: string; readonly name: string };
  readonly version: string;
  readonly reason: StatusReason;
  readonly at: number;
}

export function encodeStatus(status: StatusFields): string {
  return encode(
    {
      id: status.id,
      gatewayId: status.gateway.id,
      type: 'plantroom.status',
      subject: status.gateway.id,
      at: status.at,
    },
    {
      online: status.reason === 'connected',
      reason: status.reason,
      name: status.gateway.name,
      version: status.version,
    },
  );
}
