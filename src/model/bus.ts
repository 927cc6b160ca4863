import { formatLine, type SerialLine } from './serial-line.ts';

/** A shared wire or socket: one owner, one queue. */
export type Bus = PlantBus | SelfBus;

/** A bus with devices of the plant on it. */
export type PlantBus = ModbusBus | BacnetIpBus;

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

/** A port of this machine through which BACnet/IP is spoken: with one interface, or with all. */
export interface BacnetIpBus {
  readonly protocol: 'bacnet-ip';
  readonly id: string;
  /** Our own IPv4 address on the interface; `0.0.0.0` for all interfaces. */
  readonly address: string;
  /** UDP port that we listen on, and that devices have unless they say another. */
  readonly port: number;
  /** Where broadcasts go; undefined: that of the interface, or 255.255.255.255 on all. */
  readonly broadcast: string | undefined;
  /** The BBMD that we register with as a foreign device; undefined when there is none. */
  readonly foreign: ForeignRegistration | undefined;
  /** Longest wait for one answer, all retries included, for devices that set none of their own. */
  readonly timeoutMs: number;
  /** How often a request is sent again within its wait. */
  readonly retries: number;
  /** Requests that may be under way at once, on the whole bus. */
  readonly requestsInFlight: number;
  /** The most of its time that the bus gives to devices that do not answer, 0 to 1. */
  readonly deadDeviceShare: number;
}

/** The UDP port of BACnet/IP, 0xBAC0. */
export const bacnetPort = 47_808;

export interface ForeignRegistration {
  readonly host: string;
  readonly port: number;
  /** How long the BBMD keeps us; the registration is renewed in time. */
  readonly ttlMs: number;
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

/** What a site file may name as the protocol of a bus. */
export const plantProtocols = [...modbusProtocols, 'bacnet-ip'] as const;

export function isModbus(bus: Bus): bus is ModbusBus {
  return modbusProtocols.some(protocol => protocol === bus.protocol);
}

export function isOfPlant(bus: Bus): bus is PlantBus {
  return bus.protocol !== 'self';
}

/** Requests that may be under way at once. */
export function lanesOf(bus: Bus): number {
  return bus.protocol === 'modbus-tcp' || bus.protocol === 'bacnet-ip' ? bus.requestsInFlight : 1;
}

/** Where a bus leads, for people: `10.0.0.7:502`, `/dev/ttyUSB0 9600 8E1`, `udp 10.0.0.2:47808`; empty for the gateway's own. */
export function endpointOf(bus: Bus): string {
  switch (bus.protocol) {
    case 'modbus-tcp':
      return `${bus.host}:${bus.port}`;
    case 'modbus-rtu':
      return `${bus.path} ${formatLine(bus.line)}`;
    case 'modbus-rtu-over-tcp':
      return `${bus.host}:${bus.port} ${formatLine(bus.line)}`;
    case 'bacnet-ip':
      return `udp ${bus.address}:${bus.port}`;
    case 'self':
      return '';
  }
}
