import { type ModbusAddress, type ModbusTable, modbusTables, type Point } from '../model/point.ts';
import { encodeRegisters, maskOf, registersOf } from './encode.ts';

/** What one unit holds: for each table it serves, one run of cells from its lowest to its highest point. */
export type RegisterImage = Partial<Record<ModbusTable, TableImage>>;

export interface TableImage {
  /** PDU address of the first cell. */
  readonly first: number;
  /** One register a cell, or one bit (0 or 1) a cell. Cells that no point uses stay 0, so that gaps can be read. */
  readonly cells: Uint16Array;
}

/** All cells 0. */
export function createImage(points: readonly Point[]): RegisterImage {
  const image: RegisterImage = {};
  for (const table of modbusTables) {
    const addresses = points.map(point => point.address).filter(address => isIn(address, table));
    if (addresses.length === 0) continue;
    const first = addresses.reduce((low, address) => Math.min(low, address.address), 0xffff);
    const end = addresses.reduce((high, address) => Math.max(high, address.address + registersOf(address)), 0);
    image[table] = { first, cells: new Uint16Array(end - first) };
  }
  return image;
}

function isIn(address: Point['address'], table: ModbusTable): address is ModbusAddress {
  return address.protocol === 'modbus' && address.table === table;
}

/** Puts an engineering value (or a text) where the device would hold it, by the point's own scale and address. */
export function writePoint(image: RegisterImage, point: Point, value: number | string): void {
  writeRaw(image, point, typeof value === 'string' ? value : (value - point.offset) / point.scale);
}

/** Puts a raw value, as it goes over the wire, where the device would hold it. */
export function writeRaw(image: RegisterImage, point: Point, raw: number | string): void {
  const address = point.address;
  if (address.protocol !== 'modbus') return;
  const table = image[address.table];
  if (!table) return;
  const at = address.address - table.first;
  if (address.table === 'coil' || address.table === 'discrete-input') {
    table.cells[at] = Number(raw) >= 0.5 ? 1 : 0;
    return;
  }
  const mask = maskOf(address);
  encodeRegisters(address, raw).forEach((word, index) => {
    const before = table.cells[at + index] ?? 0;
    table.cells[at + index] = (before & ~mask) | (word & mask);
  });
}
