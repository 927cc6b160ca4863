import type { Link, LinkHandlers, OpenLink } from '../../drivers/modbus/link.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import type { SerialLine } from '../../src/model/serial-line.ts';
import { createSlaveEndpoint, type SlaveEndpoint } from '../../src/sim/slave-endpoint.ts';
import type { Unit } from '../../src/sim/unit.ts';

export interface SimulatedWireOptions {
  readonly framing: 'tcp' | 'rtu';
  readonly units: readonly Unit[];
  readonly clock: Clock;
  readonly random: Random;
  /** Paces a serial line; without it bytes take no time. */
  readonly line?: SerialLine;
}

/** The simulated slaves and a driver's exchange joined in memory: no socket and no pty between them. */
export interface SimulatedWire {
  readonly openLink: OpenLink;
  /** How many links were opened. */
  opened(): number;
  /** Cuts it: links break, and none can be opened until it is mended. */
  cut(): void;
  mend(): void;
}

export function createSimulatedWire(options: SimulatedWireOptions): SimulatedWire {
  let opened = 0;
  let isCut = false;
  let current: OpenedLink | undefined;
  // The devices of a serial line do not notice that its master lets go of the port, those of a socket do.
  let endpoint: SlaveEndpoint | undefined;

  const connect = (): SlaveEndpoint => {
    if (options.framing === 'tcp') endpoint?.end();
    if (options.framing === 'tcp' || !endpoint) {
      const own: SlaveEndpoint = createSlaveEndpoint({
        ...options,
        send: bytes => {
          if (endpoint === own) current?.deliver(bytes);
        },
        close: () => {
          if (endpoint === own) current?.end('the connection closed');
        },
      });
      endpoint = own;
    }
    return endpoint;
  };

  return {
    openLink(handlers) {
      opened += 1;
      const link = new OpenedLink(handlers, isCut ? undefined : connect());
      current = link;
      return link;
    },
    opened: () => opened,
    cut() {
      isCut = true;
      current?.end('the wire was cut');
      endpoint?.end();
      endpoint = undefined;
    },
    mend() {
      isCut = false;
    },
  };
}

class OpenedLink implements Link {
  readonly connected: Promise<boolean>;
  readonly #handlers: LinkHandlers;
  readonly #endpoint: SlaveEndpoint | undefined;
  #isConnected = false;
  goneBecause: string | undefined;

  constructor(handlers: LinkHandlers, endpoint: SlaveEndpoint | undefined) {
    this.#handlers = handlers;
    this.#endpoint = endpoint;
    if (!endpoint) this.goneBecause = 'there is no such wire';
    this.connected = Promise.resolve().then(() => {
      this.#isConnected = endpoint !== undefined;
      return this.isOpen;
    });
  }

  get isOpen(): boolean {
    return this.#isConnected && this.goneBecause === undefined;
  }

  get isGone(): boolean {
    return this.goneBecause !== undefined;
  }

  send(bytes: Uint8Array): void {
    this.#endpoint?.receive(Uint8Array.from(bytes));
  }

  /** Later, as from a socket: an answer never comes before the sending returns. */
  deliver(bytes: Uint8Array): void {
    queueMicrotask(() => {
      if (this.isOpen) this.#handlers.onBytes(bytes, bytes.length);
    });
  }

  end(detail: string): void {
    if (this.goneBecause !== undefined) return;
    this.goneBecause = detail;
    queueMicrotask(() => this.#handlers.onGone(detail));
  }

  async close(detail: string): Promise<void> {
    if (this.goneBecause !== undefined) return;
    this.goneBecause = detail;
    this.#handlers.onGone(detail);
  }
}
