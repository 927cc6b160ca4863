/**
 * The check sum of a Modbus RTU frame (Modbus over Serial Line 1.02, section 6.2.2): CRC-16 with the polynomial 0xA001,
 * reflected, begun with 0xFFFF. Its low byte goes over the wire first.
 */
export function crc16(bytes: Uint8Array, end = bytes.length): number {
  let crc = 0xffff;
  for (let index = 0; index < end; index += 1) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  }
  return crc;
}

const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  return crc;
});
