/**
 * What a gateway sends, taken apart: the contract is docs/mqtt.md, read here without the code that writes it. Pure, and
 * liberal: what is unknown is kept as it came.
 */
export interface Arrival {
  /** From the topic, which the broker's access list vouches for. */
  readonly gateway: string;
  readonly records: readonly ArrivedRecord[];
}

export interface ArrivedRecord {
  /** `foreign`: nothing of the contract; kept so that a person can look at it. */
  readonly kind: RecordKind;
  /** The same however often it comes; undefined only for what is foreign. */
  readonly id: string | undefined;
  /** RFC 3339, as it was sent. */
  readonly time: string | undefined;
  /** The CloudEvent, or one record of a batch of summaries, or the text of what is foreign. */
  readonly body: unknown;
}

export type RecordKind = 'alarm' | 'summary' | 'status' | 'standing' | 'foreign';

/** Longest text kept of a message that nobody understands; the rest is cut off. */
const longestForeignChars = 10_000;

/** Deeper than any message of ours; a program that writes it again would run out of stack. */
const deepest = 50;

/** The topics to subscribe to. `gateway` is an id, or `+` for all. */
export function topicFilters(prefix: string, gateway: string): readonly string[] {
  return ['status', 'alarm', 'standing', 'summary'].map(leaf => `${prefix}/${gateway}/${leaf}`);
}

export function confirmTopic(prefix: string, gateway: string): string {
  return `${prefix}/${gateway}/confirm`;
}

export function readArrival(prefix: string, topic: string, payload: Buffer): Arrival {
  const gateway = gatewayOf(prefix, topic);
  const text = payload.toString('utf8');
  const records = gateway === '' ? undefined : readRecords(gateway, text);
  return { gateway, records: records ?? [foreign(topic, text)] };
}

/** Empty for a topic that is none of ours. */
function gatewayOf(prefix: string, topic: string): string {
  const [gateway = ''] = topic.startsWith(`${prefix}/`) ? topic.slice(prefix.length + 1).split('/') : [];
  return gateway;
}

function readRecords(gateway: string, text: string): readonly ArrivedRecord[] | undefined {
  const event = parseObject(text);
  if (event === undefined || !isId(event.id) || typeof event.type !== 'string') return undefined;
  if (!isShallow(event, deepest)) return undefined;
  // A gateway that speaks in another's name could make us drop what that one sends.
  if (typeof event.source === 'string' && event.source !== `plantroom/${gateway}`) return undefined;
  const { id, type } = event;
  const time = textOf(event.time);
  if (type.startsWith('plantroom.alarm.')) return [{ kind: 'alarm', id, time, body: event }];
  if (type === 'plantroom.alarms.standing') return [{ kind: 'standing', id, time, body: event }];
  if (type === 'plantroom.status') return [{ kind: 'status', id, time, body: event }];
  if (type === 'plantroom.summary') return [{ kind: 'summary', id, time, body: event }];
  return type === 'plantroom.summaries' ? readBatch(event, time) : undefined;
}

/** What holds for the whole batch is written into each of its records. */
function readBatch({ data }: JsonObject, time: string | undefined): readonly ArrivedRecord[] | undefined {
  if (!isObject(data) || !Array.isArray(data.summaries)) return undefined;
  const { summaries, ...shared } = data;
  return summaries.map(record =>
    isObject(record) && isId(record.id)
      ? { kind: 'summary', id: record.id, time: textOf(record.windowEnd) ?? time, body: { ...shared, ...record } }
      : { kind: 'foreign', id: undefined, time, body: record },
  );
}

function foreign(topic: string, text: string): ArrivedRecord {
  const body = { topic, text: text.slice(0, longestForeignChars) };
  return { kind: 'foreign', id: undefined, time: undefined, body };
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(text: string): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every(item => isShallow(item, levels - 1));
}

/** Longer ids are no ids of ours, and would fill our memory. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[^\p{Cc}\p{Cs}]{1,300}$/u.test(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
