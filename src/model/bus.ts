/** A shared wire or socket: one owner, one queue, one request at a time. */
export type Bus = ModbusTcpBus | SelfBus;

export interface ModbusTcpBus {
  readonly protocol: 'modbus-tcp';
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Longest wait for the connection to be made. */
  readonly connectTimeoutMs: number;
  /** Longest wait for one answer. */
  readonly timeoutMs: number;
}

/** The gateway's own health as a bus: there is always exactly one, with the id `self`. */
export interface SelfBus {
  readonly protocol: 'self';
  readonly id: 'self';
}
