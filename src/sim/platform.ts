import type { Clock } from '../base/clock.ts';
import { eventKinds, type Priority, priorities, type TransitionKind } from '../model/alarm.ts';

/** An alarm event as it arrived; its form is the contract of docs/mqtt.md, read here without the code that wrote it. */
export interface ReceivedAlarm {
  readonly id: string;
  readonly kind: TransitionKind;
  readonly alarm: string;
  readonly priority: Priority;
  readonly message: string;
  readonly value: number | undefined;
  readonly state: string | undefined;
  readonly unit: string;
  readonly receivedAt: number;
  /** From the sample that decided to its arrival here, by the wall clock; both are on one machine. */
  readonly latencyMs: number;
}

export interface Platform {
  /** The newest last, at most `keep`. */
  readonly alarms: readonly ReceivedAlarm[];
  readonly counts: Readonly<PlatformCounts>;
  /** Undefined before the gateway said so for the first time. */
  readonly isGatewayOnline: boolean | undefined;
  /** The alarm event that it was, when it was one and a new one. */
  receive(topic: string, payload: Buffer): ReceivedAlarm | undefined;
}

interface PlatformCounts {
  alarms: number;
  /** Records, of which a message may hold many. */
  summaries: number;
  /** Alarm events and records whose id was here before. */
  duplicates: number;
  /** Messages that nobody here understands. */
  foreign: number;
}

/** Ids remembered to drop duplicates; beyond it the oldest are forgotten. */
const mostIds = 20_000;

/** The small platform of the demo: takes what the gateway sends, drops what it has seen, and remembers the newest. */
export function createPlatform(clock: Clock, keep: number): Platform {
  const seen = new Set<string>();
  const alarms: ReceivedAlarm[] = [];
  const counts: PlatformCounts = { alarms: 0, summaries: 0, duplicates: 0, foreign: 0 };
  let isGatewayOnline: boolean | undefined;
  const isNew = (id: string) => {
    if (seen.has(id)) return false;
    seen.add(id);
    for (const oldest of seen) {
      if (seen.size <= mostIds) break;
      seen.delete(oldest);
    }
    return true;
  };
  const receiveAlarm = (event: Event) => {
    const alarm = readAlarm(event, clock.wallMs());
    if (!alarm) {
      counts.foreign += 1;
      return undefined;
    }
    counts.alarms += 1;
    alarms.push(alarm);
    if (alarms.length > keep) alarms.shift();
    return alarm;
  };
  const receiveSummaries = ({ data }: Event) => {
    for (const record of Array.isArray(data.summaries) ? data.summaries : []) {
      if (!isObject(record) || typeof record.id !== 'string') counts.foreign += 1;
      else if (isNew(record.id)) counts.summaries += 1;
      else counts.duplicates += 1;
    }
  };
  return {
    alarms,
    counts,
    get isGatewayOnline() {
      return isGatewayOnline;
    },
    receive(_topic, payload) {
      const event = readEvent(payload);
      if (!event) {
        counts.foreign += 1;
        return undefined;
      }
      if (event.type === 'plantroom.status') {
        isGatewayOnline = event.data.online === true;
        return undefined;
      }
      // The demo follows the events alone.
      if (event.type === 'plantroom.alarms.standing') return undefined;
      if (event.type === 'plantroom.summaries') {
        receiveSummaries(event);
        return undefined;
      }
      if (!event.type.startsWith('plantroom.alarm.')) {
        counts.foreign += 1;
        return undefined;
      }
      if (isNew(event.id)) return receiveAlarm(event);
      counts.duplicates += 1;
      return undefined;
    },
  };
}

interface Event {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function readEvent(payload: Buffer): Event | undefined {
  let body: unknown;
  try {
    body = JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isObject(body) || typeof body.id !== 'string' || typeof body.type !== 'string') return undefined;
  return isObject(body.data) ? { id: body.id, type: body.type, data: body.data } : undefined;
}

function readAlarm({ id, type, data }: Event, receivedAt: number): ReceivedAlarm | undefined {
  const kind = eventKinds.find(other => type === `plantroom.alarm.${other}`);
  const priority = priorities.find(other => other === data.priority);
  const sampledAt = Date.parse(String(data.sampledAt));
  if (!kind || !priority || typeof data.alarm !== 'string' || Number.isNaN(sampledAt)) return undefined;
  return {
    id,
    kind,
    alarm: data.alarm,
    priority,
    message: typeof data.message === 'string' ? data.message : '',
    value: typeof data.value === 'number' ? data.value : undefined,
    state: typeof data.state === 'string' ? data.state : undefined,
    unit: typeof data.unit === 'string' ? data.unit : '',
    receivedAt,
    latencyMs: receivedAt - sampledAt,
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
