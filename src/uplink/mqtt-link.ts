import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { Link, LinkFailure, LinkOptions, Message, Opened } from './link.ts';
import { contentType } from './payload.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';

const defaultPorts = { mqtt: 1883, mqtts: 8883 } as const;

/** The library, for the other way round (inbox.ts): it is touched in this file only. */
export const connectClient: (options: IClientOptions) => MqttClient = connect;

/** What an absent CONNACK property means (MQTT 5, 3.2.2.3). */
const defaultReceiveMaximum = 65_535;
const longestMqttPacketBytes = 268_435_460;

/** We subscribe to nothing, so a broker has nothing longer to say to us than a reason. */
const longestInboundPacketBytes = 16_384;

/** The library gathers a packet before it looks at its length; beyond this we do not let it. */
const longestGatheredBytes = 131_072;

/**
 * One MQTT 5 connection over mqtt.js. The library would keep unacknowledged messages in memory and send them again by
 * itself; here each connection has a client of its own that is thrown away with it, and only the store remembers.
 */
export class MqttLink implements Link {
  readonly receiveMaximum: number;
  readonly longestPacketBytes: number;
  readonly closed: Promise<LinkFailure>;
  readonly #client: MqttClient;
  readonly #unanswered = new Set<(reasonCode: number | undefined) => void>();
  #pubackReason = 0;

  private constructor(client: MqttClient, grant: Grant, closed: Promise<LinkFailure>) {
    this.#client = client;
    this.receiveMaximum = grant.receiveMaximum ?? defaultReceiveMaximum;
    this.longestPacketBytes = grant.maximumPacketSize ?? longestMqttPacketBytes;
    client.on('packetreceive', packet => {
      // The library does not hand out the reason code of a PUBACK that is no error: 0x10 would look like 0x00.
      if (packet.cmd === 'puback') this.#pubackReason = packet.reasonCode ?? 0;
    });
    this.closed = closed.then(failure => {
      for (const resolve of this.#unanswered) resolve(undefined);
      this.#unanswered.clear();
      return failure;
    });
  }

  /** See OpenLink. TLS certificates are always verified. */
  static async open(options: LinkOptions, signal: AbortSignal): Promise<Opened> {
    let client: MqttClient;
    try {
      const files = await readTlsFiles(options.tls);
      if (signal.aborted) return { kind: 'failed', failure: { kind: 'lost' } };
      client = connect(clientOptions(options, files));
    } catch (thrown) {
      return { kind: 'failed', failure: { kind: 'unusable', detail: detailOf(thrown) } };
    }
    const abort = () => cut(client);
    signal.addEventListener('abort', abort, { once: true });
    const closed = watch(client);
    guardMemory(client, longestGatheredBytes);
    const opened = new Promise<Opened>(resolve => {
      client.once('connect', connack => {
        resolve({ kind: 'open', link: new MqttLink(client, connack.properties ?? {}, closed) });
      });
      closed.then(failure => resolve({ kind: 'failed', failure }));
    });
    opened.then(() => signal.removeEventListener('abort', abort));
    return opened;
  }

  publish(message: Message): Promise<number | undefined> {
    return new Promise(resolve => {
      // While it is not connected the library would queue the message, without a limit.
      if (!this.#client.connected || this.#client.disconnecting) {
        resolve(undefined);
        return;
      }
      this.#unanswered.add(resolve);
      const { topic, payload, ...options } = publication(message);
      this.#client.publish(topic, payload, options, error => {
        // An error without a number is the connection's end, which `closed` reports.
        const refusal = error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
        if (error && refusal === undefined) return;
        this.#unanswered.delete(resolve);
        resolve(refusal ?? this.#pubackReason);
      });
    });
  }

  async close(): Promise<void> {
    this.#client.end(false);
    await this.closed;
  }

  destroy(): void {
    cut(this.#client);
  }
}

interface Grant {
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
}

function publication(message: Message) {
  return {
    topic: message.topic,
    payload: Buffer.from(message.payload),
    qos: 1 as const,
    retain: message.isRetained,
    properties: { payloadFormatIndicator: true, contentType },
  };
}

function clientOptions(options: LinkOptions, files: TlsFiles): IClientOptions {
  const url = new URL(options.url);
  const protocol = url.protocol === 'mqtts:' ? 'mqtts' : 'mqtt';
  return {
    protocol,
    // The brackets of an IPv6 address belong to the URL, not to the address.
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPorts[protocol] : Number(url.port),
    protocolVersion: 5,
    clientId: options.clientId,
    // With key and certificate the library would switch to TLS on its own, so a plain URL gets none of them.
    ...(protocol === 'mqtts' && { ...files, rejectUnauthorized: true }),
    ...(options.username !== undefined && { username: options.username }),
    ...(options.password !== undefined && { password: options.password }),
    clean: true,
    keepalive: Math.max(1, Math.round(options.keepaliveMs / 1_000)),
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // The uplink has a deadline of its own; the library's must only never come first.
    connectTimeout: 2 ** 31 - 1,
    properties: { receiveMaximum: 1, maximumPacketSize: longestInboundPacketBytes },
    will: publication(options.will),
  };
}

/** Resolves to the first reason for the connection's end, once it is down. */
export function watch(client: MqttClient): Promise<LinkFailure> {
  return new Promise(resolve => {
    let failure: LinkFailure | undefined;
    let isAccepted = false;
    client.once('connect', () => {
      isAccepted = true;
    });
    client.on('disconnect', packet => {
      failure ??= { kind: 'disconnected', reasonCode: packet.reasonCode ?? 0 };
      cut(client);
    });
    client.on('error', error => {
      failure ??= failureOf(error, isAccepted);
      cut(client);
    });
    client.once('close', () => resolve(failure ?? { kind: 'lost' }));
  });
}

/** Cuts a connection over which a packet comes that never ends. */
export function guardMemory(client: MqttClient, mostBytes: number): void {
  let gatheredBytes = 0;
  client.on('packetreceive', () => {
    gatheredBytes = 0;
  });
  client.stream.on('data', (chunk: Buffer) => {
    gatheredBytes += chunk.length;
    if (gatheredBytes > mostBytes) client.emit('error', new Error('the broker sends a packet without end'));
  });
}

function failureOf(error: Error, isAccepted: boolean): LinkFailure {
  if (!isAccepted && 'code' in error && typeof error.code === 'number') {
    return { kind: 'refused', reasonCode: error.code };
  }
  return { kind: 'network', code: codeOf(error), detail: messageOf(error) };
}

/** Ends the client by force. A client that is already saying goodbye ignores `end`, so its socket is cut as well. */
export function cut(client: MqttClient): void {
  client.end(true);
  client.stream.destroy();
}

function detailOf(thrown: unknown): string {
  if (!(thrown instanceof PlantroomError)) return messageOf(thrown);
  return thrown.hint === undefined ? thrown.message : `${thrown.message}: ${thrown.hint}`;
}
