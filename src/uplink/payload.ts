import { type AlarmEvent, type AlarmMasks, type AlarmState, type Deed, progressSteps } from '../model/alarm.ts';
import type { CommandReply } from '../model/command.ts';

/**
 * What goes over the wire: CloudEvents 1.0 in their JSON form. Pure. The contract is docs/mqtt.md with docs/schemas/;
 * a field may be added here, none may change its meaning or go.
 */

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

/** The members of the envelope and `data`, whose text is given. */
export function encloseText(envelope: Envelope, data: string): string {
  const members = JSON.stringify({
    specversion: '1.0',
    id: envelope.id,
    source: `plantroom/${envelope.gatewayId}`,
    type: envelope.type,
    subject: envelope.subject,
    time: formatTime(envelope.at),
    datacontenttype: 'application/json',
  });
  return `${members.slice(0, -1)},"data":${data}}`;
}

function enclose(envelope: Envelope, data: Record<string, unknown>): string {
  return encloseText(envelope, JSON.stringify(data));
}

/** One alarm event. Every key is always there; what an event does not have is null. */
export function encodeAlarm(event: AlarmEvent, gatewayId: string): string {
  return enclose(
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
      phase: event.phase,
      by: event.by ? { who: event.by.who, from: event.by.from } : null,
      reason: event.reason ?? null,
      until: event.until === undefined ? null : formatTime(event.until),
      firstOut: event.firstOut ?? null,
      overdue: event.overdue ?? null,
      sampledAt: formatTime(event.sampledAt),
      detectedAt: formatTime(event.detectedAt),
      clock: event.stamp.clock,
      bootId: event.stamp.bootId,
      bootMs: Math.round(event.stamp.bootMs),
    },
  );
}

export interface StandingFields {
  /** The same for all parts of one refresh. */
  readonly refresh: string;
  readonly asOf: number;
  readonly alarms: readonly AlarmState[];
  readonly at: number;
}

/** The alarms that stand, in as many parts as it takes to be no longer than `longestBytes` each. */
export function encodeStanding(standing: StandingFields, gatewayId: string, longestBytes: number): readonly string[] {
  const { refresh, asOf, at } = standing;
  const write = (alarms: string, part: number, parts: number) =>
    encloseText(
      { id: `${refresh}-${part}`, gatewayId, type: 'plantroom.alarms.standing', subject: gatewayId, at },
      `${JSON.stringify({ refresh, asOf, part, parts }).slice(0, -1)},"alarms":[${alarms}]}`,
    );
  // The numbers of the parts are not known yet, so room is kept for long ones.
  const roomBytes = longestBytes - Buffer.byteLength(write('', 99_999, 99_999));
  const texts = standing.alarms.map(state => JSON.stringify(standingFields(state)));
  const parts = texts.length === 0 ? [[]] : packTexts(texts, roomBytes);
  return parts.map((part, index) => write(part.join(','), index + 1, parts.length));
}

function standingFields(state: AlarmState): Record<string, unknown> {
  return {
    alarm: state.alarm,
    occurrence: state.occurrence,
    rule: state.rule,
    priority: state.priority,
    message: state.message,
    raisedAt: formatTime(state.raisedAt),
    value: state.value ?? null,
    unit: state.unit,
    state: state.state ?? null,
    phase: state.phase,
    active: state.isActive,
    acknowledged: state.acknowledged ? doneBy(state.acknowledged) : null,
    hidden: hiddenFields(state.masks),
    firstOut: state.firstOut ?? null,
    progress: Object.fromEntries(
      progressSteps.map(step => [step, state.progress[step] ? doneBy(state.progress[step]) : null]),
    ),
  };
}

function doneBy({ by: { who, from }, at }: Deed): Record<string, string> {
  return { who, from, at: formatTime(at) };
}

/** The most binding one, as the phase tells it. */
function hiddenFields({ outOfService, suppressed, shelved }: AlarmMasks): Record<string, unknown> | null {
  const mask = outOfService ?? suppressed ?? shelved;
  if (!mask) return null;
  const { by, reason, expiry } = mask;
  const until = expiry ? formatTime(expiry.since + expiry.lastsMs) : null;
  return { who: by.who, from: by.from, reason: reason ?? null, until };
}

/** Groups in the given order, each no longer than `roomBytes` with a comma between its texts, where that can be. */
function packTexts(texts: readonly string[], roomBytes: number): string[][] {
  const groups: string[][] = [];
  let leftBytes = 0;
  for (const text of texts) {
    const bytes = Buffer.byteLength(text) + 1;
    const group = groups.at(-1);
    if (group && bytes <= leftBytes) group.push(text);
    else {
      groups.push([text]);
      leftBytes = roomBytes;
    }
    leftBytes -= bytes;
  }
  return groups;
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
  return enclose(
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

export interface ReplyFields {
  /** Id of the command; null when it had none that could be read. */
  readonly command: string | null;
  readonly kind: string | null;
  readonly reply: CommandReply;
  readonly isRepeated: boolean;
}

/** The answer to a remote command. */
export function encodeReply({ command, kind, reply, isRepeated }: ReplyFields): string {
  return JSON.stringify({
    command,
    kind,
    outcome: reply.kind,
    reason: reply.message,
    details: reply.kind === 'refused' ? reply.details : [],
    repeated: isRepeated,
  });
}
