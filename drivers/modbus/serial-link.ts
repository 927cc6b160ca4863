import { readSync, writeSync } from 'node:fs';
import { SerialPort } from 'serialport';
import type { Clock, Timer } from '../../src/base/clock.ts';
import { codeOf, messageOf } from '../../src/base/errors.ts';
import type { Log } from '../../src/base/log.ts';
import type { ModbusRtuBus } from '../../src/model/bus.ts';
import { characterMs } from '../../src/model/serial-line.ts';
import type { Link, LinkHandlers } from './link.ts';
import { mayKernelSwitch } from './rs485.ts';

/*
 * The one file that touches serialport. The library finds its way through the systems' terminal settings: it opens,
 * locks and configures the port, and tells when there is something to read. The bytes are read and written here, for its
 * own reading asks for ever at a port that was pulled out, and wakes up for each single byte.
 */

export interface SerialLinkOptions extends LinkHandlers {
  readonly bus: ModbusRtuBus;
  readonly clock: Clock;
  readonly log: Log;
}

/** What we use of an open port; the library's types leave out the last two. */
interface Port {
  close(): Promise<void>;
  readonly fd: number | null;
  readonly poller: { once(event: 'readable', callback: (error: Error | null) => void): unknown };
}

const receiveBytes = 512;

/** The last characters of a frame are waited for one by one, since a timer is a millisecond fine. */
const awakeMs = 2;

export class SerialLink implements Link {
  readonly #options: SerialLinkOptions;
  readonly #connected = Promise.withResolvers<boolean>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #buffer = Buffer.alloc(receiveBytes);
  readonly #characterMs: number;
  goneBecause: string | undefined;
  #state: 'connecting' | 'open' | 'gone' = 'connecting';
  #port: Port | undefined;
  #sleep: Timer | undefined;

  static open(options: SerialLinkOptions): SerialLink {
    return new SerialLink(options);
  }

  private constructor(options: SerialLinkOptions) {
    this.#options = options;
    this.#characterMs = characterMs(options.bus.line);
    void this.#openPort();
  }

  get connected(): Promise<boolean> {
    return this.#connected.promise;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  send(bytes: Uint8Array): void {
    const fd = this.#port?.fd;
    if (this.#state !== 'open' || typeof fd !== 'number') return;
    try {
      // A request is shorter than any driver's buffer, so it is written whole or not at all.
      writeSync(fd, bytes);
    } catch (thrown) {
      this.#end(`cannot write to the port: ${codeOf(thrown) ?? messageOf(thrown)}`);
    }
  }

  close(detail: string): Promise<void> {
    this.#end(detail);
    return this.#closed.promise;
  }

  async #openPort(): Promise<void> {
    const { bus, clock, connectTimeoutMs } = this.#options;
    const deadline = clock.at(clock.monoMs() + connectTimeoutMs, () => {
      this.#end(`${bus.path}: could not be opened within ${connectTimeoutMs} ms`);
    });
    try {
      const { baudRate, parity, stopBits } = bus.line;
      const opened = await SerialPort.binding.open({
        path: bus.path,
        baudRate,
        parity,
        stopBits,
        dataBits: 8,
        lock: true,
      });
      const port = opened as unknown as Port;
      // It was given up meanwhile.
      if (this.#state === 'gone') await this.#closePort(port);
      else this.#onOpen(port);
    } catch (thrown) {
      this.#end(openFailure(bus.path, messageOf(thrown)));
    } finally {
      deadline.cancel();
    }
  }

  #onOpen(port: Port): void {
    const { bus, log } = this.#options;
    this.#port = port;
    this.#state = 'open';
    if (bus.rs485.direction === 'kernel' && !mayKernelSwitch(bus.path)) {
      log.warn(
        { path: bus.path },
        'the kernel does not say that it switches this line (RS-485); requests may not get out',
      );
    }
    this.#awaitReadable(port);
    this.#connected.resolve(true);
  }

  #awaitReadable(port: Port): void {
    port.poller.once('readable', error => {
      if (this.#state !== 'open') return;
      if (error) this.#end(`the port broke: ${error.message}`);
      else this.#read(port);
    });
  }

  #read(port: Port): void {
    if (this.#state !== 'open' || port.fd === null) return;
    let count = 0;
    try {
      count = readSync(port.fd, this.#buffer);
    } catch (thrown) {
      const code = codeOf(thrown);
      if (code === 'EAGAIN' || code === 'EINTR') this.#awaitReadable(port);
      else this.#end(`the port broke: ${code ?? messageOf(thrown)}`);
      return;
    }
    if (count === 0) {
      this.#end('the port is gone: was the adapter pulled out?');
      return;
    }
    this.#options.onBytes(this.#buffer, count);
    this.#readOn(port);
  }

  /** The rest of a frame takes its time on the wire: until most of it is there, there is nothing to wake up for. */
  #readOn(port: Port): void {
    const { clock, missingBytes } = this.#options;
    const restMs = missingBytes() * this.#characterMs - awakeMs;
    if (restMs < awakeMs) this.#awaitReadable(port);
    else this.#sleep = clock.at(clock.monoMs() + restMs, () => this.#read(port));
  }

  #end(detail: string): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.goneBecause = detail;
    this.#sleep?.cancel();
    this.#connected.resolve(false);
    // A port that is still being opened is closed once it is.
    if (this.#port) void this.#closePort(this.#port);
    else this.#closed.resolve();
    this.#options.onGone(detail);
  }

  async #closePort(port: Port): Promise<void> {
    // A port that was pulled out may refuse even to be closed.
    await port.close().catch(() => undefined);
    this.#closed.resolve();
  }
}

/** The library's words end in the code of the system. */
function openFailure(path: string, message: string): string {
  if (/lock/i.test(message)) return `${path}: another program holds the port`;
  if (/no such file/i.test(message))
    return `${path}: there is no such port; is the adapter plugged in? \`plantroom ports\` lists them`;
  if (/permission/i.test(message)) return `${path}: no right to open the port; add the user to the group dialout`;
  return `${path}: ${message}`;
}
