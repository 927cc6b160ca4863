import { PlantroomError } from '../../base/errors.ts';
import type { ModbusBus } from '../../model/bus.ts';
import { parities, type SerialLine } from '../../model/serial-line.ts';

/** Where devices are, as a person writes it. What is not said of a line is undefined. */
export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'rtu';
      readonly path: string;
      readonly line: LineWords;
      readonly direction: 'adapter' | 'kernel';
    }
  | { readonly kind: 'rtu-over-tcp'; readonly host: string; readonly port: number; readonly line: LineWords };

export type LineWords = { readonly [Word in keyof SerialLine]?: SerialLine[Word] | undefined };

/** What most meters and sensors of this field leave the factory with. The standard's own default is 19200 8E1. */
const usualLine: SerialLine = { baudRate: 9_600, parity: 'none', stopBits: 1 };

/** The bauds that a port may be set to. */
const baudLimits = { lowest: 300, highest: 1_000_000 } as const;

/** The port that IANA gave to Modbus TCP. */
export const usualPort = 502;

/** True for what is an endpoint and not the id of a device: ids have neither colons nor slashes. */
export function looksLikeEndpoint(text: string): boolean {
  return /[:/]/.test(text);
}

/**
 * `tcp://host:port`, `rtu:///dev/ttyUSB0?baud=9600&parity=even&stop=1`, `rtu-over-tcp://host:port?…`, and for short
 * `host:port` and `/dev/ttyUSB0`.
 *
 * @param said what options say of the line; it wins over the endpoint
 * @throws PlantroomError `usage`
 */
export function parseEndpoint(text: string, said: LineWords = {}): Endpoint {
  if (text.startsWith('/')) return { kind: 'rtu', path: text, line: said, direction: 'adapter' };
  const withScheme = /^[a-z-]+:\/\//i.test(text) ? text : `tcp://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  switch (url?.protocol) {
    case 'tcp:':
      checkQuery(url, text, []);
      return { kind: 'tcp', ...socketOf(url, text) };
    case 'rtu-over-tcp:':
      checkQuery(url, text, ['baud', 'parity', 'stop']);
      return { kind: 'rtu-over-tcp', ...socketOf(url, text), line: lineOf(url, said) };
    case 'rtu:':
      checkQuery(url, text, ['baud', 'parity', 'stop', 'rs485']);
      if (url.host !== '' || url.pathname.length < 2) {
        throw wrong(text, 'a serial port needs three slashes: rtu:///dev/ttyUSB0?baud=9600&parity=even');
      }
      return {
        kind: 'rtu',
        path: decodeURIComponent(url.pathname),
        line: lineOf(url, said),
        direction: wordOf(url, 'rs485', ['adapter', 'kernel'] as const) ?? 'adapter',
      };
    default:
      throw wrong(text, 'write tcp://host:port, rtu:///dev/ttyUSB0?baud=9600&parity=even or rtu-over-tcp://host:port');
  }
}

/** For people; a line that was not said is the usual one. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.kind === 'rtu' ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
}

export interface BusTimes {
  /** Longest wait for one answer, ms. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
}

/** A bus of our own to an endpoint. */
export function busTo(endpoint: Endpoint, { timeoutMs, connectTimeoutMs }: BusTimes): ModbusBus {
  const basics = { id: 'command-line', timeoutMs, deadDeviceShare: 1 };
  switch (endpoint.kind) {
    case 'tcp': {
      const { host, port } = endpoint;
      return { protocol: 'modbus-tcp', ...basics, host, port, connectTimeoutMs, requestsInFlight: 1 };
    }
    case 'rtu': {
      const { path, direction } = endpoint;
      const rs485 = { direction, echo: 'auto' } as const;
      return { protocol: 'modbus-rtu', ...basics, path, line: fillLine(endpoint.line), turnaroundMs: 0, rs485 };
    }
    case 'rtu-over-tcp': {
      const { host, port } = endpoint;
      const line = fillLine(endpoint.line);
      const rs485 = { echo: 'auto' } as const;
      return { protocol: 'modbus-rtu-over-tcp', ...basics, host, port, connectTimeoutMs, line, turnaroundMs: 0, rs485 };
    }
  }
}

function fillLine({ baudRate, parity, stopBits }: LineWords): SerialLine {
  return {
    baudRate: baudRate ?? usualLine.baudRate,
    parity: parity ?? usualLine.parity,
    stopBits: stopBits ?? usualLine.stopBits,
  };
}

/** True when what was said of a line is what the line is. */
export function fitsLine(said: LineWords, line: SerialLine): boolean {
  return (['baudRate', 'parity', 'stopBits'] as const).every(word => (said[word] ?? line[word]) === line[word]);
}

function socketOf(url: URL, text: string) {
  const isBare = url.pathname === '' || url.pathname === '/';
  const port = url.port === '' ? usualPort : Number(url.port);
  if (url.hostname === '' || !isBare || url.username !== '' || port < 1) {
    throw wrong(text, 'write host and port, for example tcp://192.168.1.10:502');
  }
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

function lineOf(url: URL, said: LineWords): LineWords {
  const baud = url.searchParams.get('baud');
  const baudRate = baud === null ? undefined : parseBaud(baud);
  const stop = wordOf(url, 'stop', ['1', '2'] as const);
  return {
    baudRate: said.baudRate ?? baudRate,
    parity: said.parity ?? wordOf(url, 'parity', parities),
    stopBits: said.stopBits ?? (stop === undefined ? undefined : stop === '2' ? 2 : 1),
  };
}

/** @throws PlantroomError `usage` */
export function parseBaud(text: string): number {
  const baud = /^\d{3,7}$/.test(text) ? Number(text) : Number.NaN;
  if (baud >= baudLimits.lowest && baud <= baudLimits.highest) return baud;
  throw new PlantroomError(`${JSON.stringify(text)} is no baud rate`, {
    kind: 'usage',
    hint: `give a number from ${baudLimits.lowest} to ${baudLimits.highest}, for example 9600`,
  });
}

function wordOf<Word extends string>(url: URL, name: string, words: readonly Word[]): Word | undefined {
  const text = url.searchParams.get(name);
  if (text === null) return undefined;
  const word = words.find(known => known === text);
  if (word !== undefined) return word;
  throw new PlantroomError(`${name}=${text} is not known`, { kind: 'usage', hint: `give one of ${words.join(', ')}` });
}

/** A misspelt setting that is ignored would talk to the device at the wrong speed. */
function checkQuery(url: URL, text: string, known: readonly string[]): void {
  for (const name of url.searchParams.keys()) {
    if (known.includes(name)) continue;
    throw wrong(text, known.length > 0 ? `it may say ${known.join(', ')}, not ${name}` : 'nothing may follow the port');
  }
}

function wrong(text: string, hint: string): PlantroomError {
  return new PlantroomError(`${JSON.stringify(text)} is no endpoint`, { kind: 'usage', hint });
}
