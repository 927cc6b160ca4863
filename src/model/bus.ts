import { formatLine, type SerialLine } from './serial-line.ts';

/** A shared wire or socket: one owner, one queue. */
export type Bus = ModbusBus | SelfBus;

export type ModbusBus = ModbusTcpBus | ModbusRtuBus | ModbusRtuOverTcpBus;

interface ModbusBasics {
  readonly id: string;
  /** Longest wait for one answer, for devices that set none of their own. */
  readonly timeoutMs: number;
  /** The most of its time that the bus gives to devices that do not answer, 0 to 1. */
  readonly deadDeviceShare: number;
}

export interface ModbusTcpBus extends ModbusBasics {
  readonly protocol: 'modbus-tcp';
  readonly host: string;
  readonly port: number;
  /** Longest wait for the connection to be made. */
  readonly connectTimeoutMs: number;
  /** Requests that may be under way at once; more than 1 only for an endpoint that is known to take it. */
  readonly requestsInFlight: number;
}

export interface ModbusRtuBus extends ModbusBasics {
  readonly protocol: 'modbus-rtu';
  /** Path of the serial port: /dev/serial/by-id/… */
  readonly path: string;
  readonly line: SerialLine;
  /** Rest after each answer, beyond the silence of the standard. */
  readonly turnaroundMs: number;
  readonly rs485: Rs485;
}

/** A serial device server that passes RTU frames on as they are. */
export interface ModbusRtuOverTcpBus extends ModbusBasics {
  readonly protocol: 'modbus-rtu-over-tcp';
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  /** The line behind the device server: silences and times follow from it. */
  readonly line: SerialLine;
  readonly turnaroundMs: number;
  readonly rs485: Pick<Rs485, 'echo'>;
}

export interface Rs485 {
  /** Who switches the line between sending and receiving: the adapter itself, or the kernel's driver. */
  readonly direction: 'adapter' | 'kernel';
  /** Whether we hear our own requests on a two-wire line; `auto` finds out. */
  readonly echo: 'auto' | 'yes' | 'no';
}

/** The gateway's own health as a bus: there is always exactly one, with the id `self`. */
export interface SelfBus {
  readonly protocol: 'self';
  readonly id: 'self';
}

export const modbusProtocols = ['modbus-tcp', 'modbus-rtu', 'modbus-rtu-over-tcp'] as const;

export function isModbus(bus: Bus): bus is ModbusBus {
  return bus.protocol !== 'self';
}

/** Where a bus leads, for people: `10.0.0.7:502`, `/dev/ttyUSB0 9600 8E1`; empty for the gateway's own. */
export function endpointOf(bus: Bus): string {
  switch (bus.protocol) {
    case 'modbus-tcp':
      return `${bus.host}:${bus.port}`;
    case 'modbus-rtu':
      return `${bus.path} ${formatLine(bus.line)}`;
    case 'modbus-rtu-over-tcp':
      return `${bus.host}:${bus.port} ${formatLine(bus.line)}`;
    case 'self':
      return '';
  }
}
