import { connect, type Socket } from 'node:net';
import type { Clock } from '../../src/base/clock.ts';
import { codeOf, messageOf } from '../../src/base/errors.ts';
import type { Link, LinkHandlers } from './link.ts';

export interface TcpLinkOptions extends LinkHandlers {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
}

/** The size of a piece: two of the longest Modbus TCP frames. */
const receiveBytes = 520;

/** A peer that vanished without a word is noticed between polls too. */
const keepAliveAfterMs = 10_000;

/** One TCP connection, used once: after any doubt it is dropped and another one made. */
export class TcpLink implements Link {
  readonly #socket: Socket;
  readonly #options: TcpLinkOptions;
  readonly #connected = Promise.withResolvers<boolean>();
  readonly #closed = Promise.withResolvers<void>();
  goneBecause: string | undefined;
  #state: 'connecting' | 'open' | 'gone' = 'connecting';

  static open(options: TcpLinkOptions): TcpLink {
    return new TcpLink(options);
  }

  private constructor(options: TcpLinkOptions) {
    this.#options = options;
    const { host, port, connectTimeoutMs, clock } = options;
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveAfterMs,
      // One buffer for all reads: this halves what a transaction costs.
      onread: { buffer: Buffer.allocUnsafe(receiveBytes), callback: (count, bytes) => this.#receive(bytes, count) },
    });
    const deadline = clock.at(clock.monoMs() + connectTimeoutMs, () => {
      this.#end(`no connection within ${connectTimeoutMs} ms`);
    });
    this.#socket.on('connect', () => {
      deadline.cancel();
      if (this.#state !== 'connecting') return;
      this.#state = 'open';
      this.#connected.resolve(true);
    });
    this.#socket.on('error', error => this.#end(codeOf(error) ?? messageOf(error)));
    this.#socket.on('end', () => this.#end('the device closed the connection'));
    this.#socket.on('close', () => {
      deadline.cancel();
      this.#end('the connection closed');
      this.#closed.resolve();
    });
  }

  get connected(): Promise<boolean> {
    return this.#connected.promise;
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  close(detail: string): Promise<void> {
    this.#end(detail);
    return this.#closed.promise;
  }

  #receive(bytes: Uint8Array, count: number): boolean {
    if (this.#state === 'open') this.#options.onBytes(bytes, count);
    return true;
  }

  #end(detail: string): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.goneBecause = detail;
    this.#socket.destroy();
    this.#connected.resolve(false);
    this.#options.onGone(detail);
  }
}
