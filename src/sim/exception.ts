/** Modbus exception codes (Modbus Application Protocol 1.1b3, section 7). */
export const exceptions = {
  illegalFunction: 1,
  illegalAddress: 2,
  illegalValue: 3,
  busy: 6,
  /** What a gateway answers for a unit that it cannot reach. */
  targetSilent: 11,
} as const;

export function encodeException(functionCode: number, exception: number): Buffer {
  return Buffer.from([functionCode | 0x80, exception]);
}
