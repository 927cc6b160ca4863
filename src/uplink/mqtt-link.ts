import { connect, type IClientOptions, type ISubscriptionMap, type MqttClient } from 'mqtt';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { Link, LinkFailure, LinkOptions, Message, Opened, Subscription } from './link.ts';
import { keepPacketsSmall } from './packet-memory.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';

keepPacketsSmall();

const defaultPorts = { mqtt: 1883, mqtts: 8883 } as const;

/** The library, for the other way round (inbox.ts): it is touched in this file only. */
export const connectClient: (options: IClientOptions) => MqttClient = connect;

/** What an absent CONNACK property means (MQTT 5, 3.2.2.3). */
const defaultReceiveMaximum = 65_535;
const longestMqttPacketBytes = 268_435_460;

/** Longer than any command or confirmation that would be looked at. A broker drops what is longer. */
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
  /** Pings that were sent, and answered. */
  #pings = { sent: 0, answered: 0 };
  /** Messages of QoS 0, each with the number of the ping that goes behind it. */
  #probed: { readonly ping: number; readonly resolve: (reasonCode: number | undefined) => void }[] = [];

  private constructor(client: MqttClient, grant: Grant, closed: Promise<LinkFailure>) {
    this.#client = client;
    this.receiveMaximum = grant.receiveMaximum ?? defaultReceiveMaximum;
    this.longestPacketBytes = grant.maximumPacketSize ?? longestMqttPacketBytes;
    client.on('packetreceive', packet => {
      // The library does not hand out the reason code of a PUBACK that is no error: 0x10 would look like 0x00.
      if (packet.cmd === 'puback') this.#pubackReason = packet.reasonCode ?? 0;
      if (packet.cmd === 'pingresp') this.#takePong();
    });
    // The library pings as well.
    client.on('packetsend', packet => {
      if (packet.cmd === 'pingreq') this.#pings.sent += 1;
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
    sendAtOnce(client);
    client.on('message', (topic, payload, packet) => {
      options.onMessage({ topic, payload, isRetained: packet.retain === true });
    });
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
      if (message.qos === 0) {
        this.#client.publish(topic, payload, options);
        this.#probe(resolve);
        return;
      }
      this.#client.publish(topic, payload, options, error => {
        // An error without a number is the connection's end, which `closed` reports.
        const refusal = error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
        if (error && refusal === undefined) return;
        this.#unanswered.delete(resolve);
        resolve(refusal ?? this.#pubackReason);
      });
    });
  }

  subscribe(subscriptions: readonly Subscription[]): Promise<readonly number[] | undefined> {
    return new Promise(resolve => {
      if (!this.#client.connected || this.#client.disconnecting) {
        resolve(undefined);
        return;
      }
      const end = () => resolve(undefined);
      this.#unanswered.add(end);
      this.#client.subscribe(subscriptionMap(subscriptions), (_error, _subscriptions, suback) => {
        // Without a SUBACK it is the connection's end, which `closed` reports.
        if (!suback) return;
        this.#unanswered.delete(end);
        resolve(suback.granted.map(Number));
      });
    });
  }

  /**
   * The broker takes packets in order, so its answer to a ping says that it has what was published before. One ping is
   * under way at a time, and stands for all that was published since the last.
   */
  #probe(resolve: (reasonCode: number | undefined) => void): void {
    this.#probed.push({ ping: this.#pings.sent + 1, resolve });
    if (this.#pings.answered === this.#pings.sent) this.#client.sendPing();
  }

  #takePong(): void {
    this.#pings.answered += 1;
    const answered = this.#probed.filter(({ ping }) => ping <= this.#pings.answered);
    this.#probed = this.#probed.filter(({ ping }) => ping > this.#pings.answered);
    for (const { resolve } of answered) {
      this.#unanswered.delete(resolve);
      resolve(0);
    }
    if (this.#probed.length > 0 && this.#pings.answered === this.#pings.sent) this.#client.sendPing();
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
    payload: typeof message.payload === 'string' ? message.payload : asBuffer(message.payload),
    qos: message.qos,
    retain: message.isRetained,
    ...(message.contentType !== undefined && {
      properties: { payloadFormatIndicator: true, contentType: message.contentType },
    }),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * QoS 0: without a session at the broker nothing would be repeated anyway, and mosquitto, having dropped a message that
 * is too long for us, goes on waiting for its acknowledgement, until no more come. A retained message is flagged as such
 * only when it comes because of the subscription (MQTT 5, 3.8.3.1).
 */
function subscriptionMap(subscriptions: readonly Subscription[]): ISubscriptionMap {
  return Object.fromEntries(
    subscriptions.map(({ topic, wantsRetained }) => [
      topic,
      { qos: 0, nl: true, rap: false, rh: wantsRetained ? 0 : 2 },
    ]),
  );
}

/** Where to, as whom, and that the library does nothing by itself: the same in both directions. */
export function accountOptions(
  account: Pick<LinkOptions, 'url' | 'clientId' | 'username' | 'password' | 'keepaliveMs'>,
  files: TlsFiles,
) {
  const url = new URL(account.url);
  const protocol: keyof typeof defaultPorts = url.protocol === 'mqtts:' ? 'mqtts' : 'mqtt';
  return {
    protocol,
    // The brackets of an IPv6 address belong to the URL, not to the address.
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPorts[protocol] : Number(url.port),
    protocolVersion: 5 as const,
    clientId: account.clientId,
    // With key and certificate the library would switch to TLS on its own, so a plain URL gets none of them.
    ...(protocol === 'mqtts' && { ...files, rejectUnauthorized: true }),
    ...(account.username !== undefined && { username: account.username }),
    ...(account.password !== undefined && { password: account.password }),
    keepalive: Math.max(1, Math.round(account.keepaliveMs / 1_000)),
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
  };
}

function clientOptions(options: LinkOptions, files: TlsFiles): IClientOptions {
  return {
    ...accountOptions(options, files),
    clean: true,
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

/** Without it the kernel keeps a short message back for up to 40 ms while an earlier one is not acknowledged. */
export function sendAtOnce({ stream }: MqttClient): void {
  if ('setNoDelay' in stream && typeof stream.setNoDelay === 'function') stream.setNoDelay(true);
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
