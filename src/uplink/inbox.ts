import type { MqttClient } from 'mqtt';
import { messageOf, PlantroomError } from '../base/errors.ts';
import type { TlsSettings } from '../model/site.ts';
import { describeFailure, isTakeover } from './failure.ts';
import type { LinkFailure } from './link.ts';
import { accountOptions, connectClient, cut, guardMemory, sendAtOnce, watch } from './mqtt-link.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';

/**
 * The other end of the line: one MQTT 5 connection that subscribes, and acknowledges each message only when its receiver
 * is done with it. What was not acknowledged the broker keeps in the session, and sends again on the next connection.
 */
export interface Inbox {
  /** Resolves when the connection has ended, for whatever reason. Never rejects. */
  readonly closed: Promise<InboxEnd>;
  /** Publishes with QoS 1, retained. False when the broker refused it, or the connection ended before its answer. */
  publish(topic: string, payload: string): Promise<boolean>;
  /** Says goodbye; the session stays. May take for ever where the network hangs. */
  close(): Promise<void>;
  /** Cuts the connection at once. */
  destroy(): void;
}

export interface InboxOptions {
  /** mqtt://host:port or mqtts://host:port */
  readonly url: string;
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly keepaliveMs: number;
  /** How long the broker keeps the session, and what it holds for us, without a connection. */
  readonly sessionExpiryMs: number;
  readonly tls: TlsSettings | undefined;
  /** Topic filters, QoS 1. */
  readonly topics: readonly string[];
  /**
   * Called with one message at a time; the broker hears that it is safe when the promise resolves. When it rejects the
   * connection is cut, and the message comes again.
   */
  readonly onMessage: (topic: string, payload: Buffer) => Promise<void>;
}

export interface InboxEnd {
  readonly isTakeover: boolean;
  /** True where another try would end the same way: the login, a file or an access list is wrong. */
  readonly isFinal: boolean;
  /** One line for a person. */
  readonly reason: string;
}

export type OpenedInbox =
  | { readonly kind: 'open'; readonly inbox: Inbox; readonly hadSession: boolean }
  | { readonly kind: 'failed'; readonly end: InboxEnd };

/** Messages that the broker may send ahead of our acknowledgements. They wait in the socket, not in our memory. */
const inboundWindow = 100;

/**
 * Far longer than anything a gateway sends: its messages have some 16 KiB. A broker drops what is longer; mosquitto then
 * goes on waiting for its acknowledgement, so the limit must not be met by anybody's mistake.
 */
const longestPacketBytes = 16 * 1024 * 1024;

/** The library gathers a packet before it looks at its length; beyond this we do not let it. */
const longestGatheredBytes = 2 * longestPacketBytes;

/** Opens one connection and subscribes. Never rejects; lets go of everything when the signal is aborted first. */
export async function openInbox(options: InboxOptions, signal: AbortSignal): Promise<OpenedInbox> {
  let client: MqttClient;
  try {
    const files = await readTlsFiles(options.tls);
    if (signal.aborted) return failed(options, { kind: 'lost' });
    client = connectClient(clientOptions(options, files, () => client));
  } catch (thrown) {
    const hint = thrown instanceof PlantroomError ? `: ${thrown.hint ?? ''}` : '';
    return failed(options, { kind: 'unusable', detail: messageOf(thrown) + hint });
  }
  const abort = () => cut(client);
  signal.addEventListener('abort', abort, { once: true });
  const closed = watch(client).then(failure => endOf(options, failure));
  guardMemory(client, longestGatheredBytes);
  sendAtOnce(client);
  try {
    const connack = await Promise.race([
      new Promise<{ readonly sessionPresent: boolean }>(resolve => client.once('connect', resolve)),
      closed,
    ]);
    if ('isFinal' in connack) return { kind: 'failed', end: connack };
    const refusal = await Promise.race([subscribe(client, options.topics), closed]);
    if (typeof refusal === 'string') {
      cut(client);
      return { kind: 'failed', end: { isTakeover: false, isFinal: true, reason: refusal } };
    }
    if (refusal !== undefined) return { kind: 'failed', end: refusal };
    return { kind: 'open', inbox: inboxOf(client, closed), hadSession: connack.sessionPresent };
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function clientOptions(options: InboxOptions, files: TlsFiles, client: () => MqttClient) {
  return {
    ...accountOptions(options, files),
    clean: false,
    connectTimeout: 15_000,
    properties: {
      sessionExpiryInterval: Math.round(options.sessionExpiryMs / 1_000),
      receiveMaximum: inboundWindow,
      maximumPacketSize: longestPacketBytes,
    },
    // Without this the library acknowledges at once. It handles one packet at a time, and waits for the call of `done`.
    customHandleAcks(topic: string, message: Buffer, _packet: unknown, done: (code: number) => void) {
      options.onMessage(topic, message).then(
        () => {
          if (client().connected && !client().disconnecting) done(0);
        },
        () => cut(client()),
      );
    },
  } as const;
}

/** Resolves to what the broker refuses, in words; to undefined when it grants all. */
function subscribe(client: MqttClient, topics: readonly string[]): Promise<string | undefined> {
  return new Promise(resolve => {
    client.subscribe([...topics], { qos: 1 }, (error, granted = []) => {
      const refused = granted.find(({ qos }) => qos >= 0x80);
      const topic = refused?.topic ?? topics[0];
      if (!error && !refused) resolve(undefined);
      else if (client.connected)
        resolve(
          `the broker does not let us subscribe to ${topic}: check its access list for client "${client.options.clientId}"`,
        );
      // Else the connection has ended, which `closed` reports.
    });
  });
}

const properties = { payloadFormatIndicator: true, contentType: 'application/json' };

function inboxOf(client: MqttClient, closed: Promise<InboxEnd>): Inbox {
  const unanswered = new Set<(isTaken: boolean) => void>();
  closed.then(() => {
    for (const answer of unanswered) answer(false);
  });
  return {
    closed,
    publish(topic, payload) {
      return new Promise(resolve => {
        // While it is not connected the library would queue the message, without a limit.
        if (!client.connected || client.disconnecting) {
          resolve(false);
          return;
        }
        unanswered.add(resolve);
        client.publish(topic, payload, { qos: 1, retain: true, properties }, error => {
          unanswered.delete(resolve);
          resolve(!error);
        });
      });
    },
    async close() {
      client.end(false);
      await closed;
    },
    destroy: () => cut(client),
  };
}

function failed(options: InboxOptions, failure: LinkFailure): OpenedInbox {
  return { kind: 'failed', end: endOf(options, failure) };
}

/** Reason codes of CONNACK that another try may change: the broker is not ready, or too busy. */
const passingRefusals = [0x03, 0x88, 0x89, 0x97, 0x9f];

function endOf({ url, clientId, username }: InboxOptions, failure: LinkFailure): InboxEnd {
  const isFinal =
    failure.kind === 'unusable' || (failure.kind === 'refused' && !passingRefusals.includes(failure.reasonCode));
  const reason = describeFailure(failure, { url, clientId, username });
  return { isTakeover: isTakeover(failure), isFinal, reason };
}
