import type { UplinkSettings } from '../model/site.ts';
import type { Format, Heard, Session } from './format.ts';
import type { Inbound, Message } from './link.ts';
import { encodeAlarm, encodeStanding, encodeStatus, type StatusReason } from './payload.ts';
import { encodeSummaries } from './summary-payload.ts';
import { topicsOf } from './topic.ts';

/** The project's own format: CloudEvents in JSON (docs/mqtt.md). It counts nothing, so a session has no state. */

export interface NativeFormatOptions {
  readonly settings: UplinkSettings;
  readonly gateway: { readonly id: string; readonly name: string };
  readonly version: string;
  readonly wallMs: () => number;
  readonly newId: () => string;
}

/** MQTT 5 content types. */
const cloudEvents = 'application/cloudevents+json';
const plainJson = 'application/json';

/** A command, or a confirmation, that is longer is not looked at. */
const longestCommandBytes = 4_096;
const longestConfirmBytes = 512;

export function createNativeFormat(options: NativeFormatOptions): Format {
  const { settings, gateway, version, wallMs, newId } = options;
  const topics = topicsOf(settings.topicPrefix, gateway.id);

  function message(topic: string, payload: string, isRetained = false): Message {
    return { topic, payload, contentType: cloudEvents, qos: 1, isRetained };
  }

  function status(reason: StatusReason): Message {
    return message(topics.status, encodeStatus({ id: newId(), gateway, version, reason, at: wallMs() }), true);
  }

  function hear({ topic, payload, isRetained }: Inbound): Heard {
    const text = Buffer.from(payload).toString('utf8');
    if (topic === topics.confirm) {
      return payload.length > longestConfirmBytes ? ignored('a confirmation is too long') : hearConfirm(text);
    }
    if (topic !== topics.command) return ignored('a message came on a topic that we did not subscribe to');
    // It would run anew at each connection.
    if (isRetained) return ignored('a command was retained at the broker: publish commands without the retain flag');
    if (payload.length > longestCommandBytes) return ignored(`a command is longer than ${longestCommandBytes} bytes`);
    return { kind: 'command', text };
  }

  function openSession(): Session {
    return {
      will: status('lost'),
      subscriptions: [
        // Retained, it tells how far the platform is before anything is sent again.
        ...(settings.confirm === 'platform' ? [{ topic: topics.confirm, wantsRetained: true }] : []),
        ...(settings.commands.length > 0 ? [{ topic: topics.command, wantsRetained: false }] : []),
      ],
      waitsForHost: false,
      birth: () => [status('connected')],
      goodbye: () => [status('stopped')],
      alarm: event => [message(topics.alarm, encodeAlarm(event, gateway.id))],
      standing({ asOf, alarms }, longestBytes) {
        const fields = { refresh: newId(), asOf, alarms, at: wallMs() };
        return encodeStanding(fields, gateway.id, longestBytes).map(payload => message(topics.standing, payload));
      },
      summaries(rows, { longestBytes, isHistorical }) {
        if (settings.summaries === undefined) return [];
        const how = { gatewayId: gateway.id, span: settings.summaries, isHistorical, longestBytes };
        return encodeSummaries(rows, how).map(({ numbers, payloads }) => ({
          numbers,
          messages: payloads.map(payload => message(topics.summary, payload)),
        }));
      },
      reply: text => ({ ...message(topics.reply, text), contentType: plainJson }),
      seal: message => [message],
      hear,
    };
  }

  return { openSession };
}

function ignored(reason: string): Heard {
  return { kind: 'ignored', reason };
}

function hearConfirm(text: string): Heard {
  const parsed = parseJson(text);
  const eventId = typeof parsed === 'object' && parsed !== null && 'id' in parsed ? parsed.id : undefined;
  return typeof eventId === 'string'
    ? { kind: 'confirm', eventId }
    : ignored('a confirmation is not of the form {"id": "<event id>"}');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
