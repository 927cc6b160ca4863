/** Exception codes (Modbus Application Protocol 1.1b3, section 7), in words for the log. */
const texts: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal address: a register in this range cannot be read',
  3: 'illegal value: the device does not take a read of this length',
  4: 'device failure',
  5: 'acknowledge: not ready yet',
  6: 'device busy',
  7: 'negative acknowledge',
  8: 'memory parity error',
  10: 'gateway has no path to the device',
  11: 'gateway got no answer from the device',
};

export function exceptionText(code: number): string {
  return `exception ${code}, ${texts[code] ?? 'unknown'}`;
}

/** Only the gateway in front of the device was heard: the device itself is as silent as one that times out. */
export function isTargetSilent(code: number): boolean {
  return code === 10 || code === 11;
}
