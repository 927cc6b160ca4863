/** How bytes go over a serial wire. Modbus RTU always has 8 data bits. */
export interface SerialLine {
  readonly baudRate: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}

export const parities = ['none', 'even', 'odd'] as const;

/** How long one character takes on the wire, ms: start bit, 8 data bits, parity, stop bits. */
export function characterMs({ baudRate, parity, stopBits }: SerialLine): number {
  return ((9 + (parity === 'none' ? 0 : 1) + stopBits) * 1_000) / baudRate;
}

/**
 * The silence that parts two frames, ms: 3.5 characters, and 1.75 ms where the line is faster than 19,200 baud (Modbus
 * over Serial Line 1.02, section 2.5.1.1).
 */
export function silenceMs(line: SerialLine): number {
  return line.baudRate > 19_200 ? 1.75 : 3.5 * characterMs(line);
}

/** As people write it: `9600 8E1`. */
export function formatLine({ baudRate, parity, stopBits }: SerialLine): string {
  return `${baudRate} 8${parity[0]?.toUpperCase()}${stopBits}`;
}
