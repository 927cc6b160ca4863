import type { ModbusAddress, ModbusType } from '../../../src/model/point.ts';
import { modbusAddress } from './modbus-rig.ts';

/* What test/fixtures/libmodbus-slave.c holds, in every type, order and table. */

/** The layout of `put_in_all_orders` in the fixture. */
const orders = [
  { wordOrder: 'high-first', byteOrder: 'high-first' },
  { wordOrder: 'low-first', byteOrder: 'high-first' },
  { wordOrder: 'high-first', byteOrder: 'low-first' },
  { wordOrder: 'low-first', byteOrder: 'low-first' },
] as const;

interface Expected {
  readonly address: ModbusAddress;
  readonly value: number;
  readonly text?: string;
  readonly quality?: 'not-a-number';
}

function inAllOrders(first: number, width: number, type: ModbusType, value: number): Expected[] {
  return orders.map((order, index) => ({
    address: modbusAddress('holding-register', first + index * width, { type, ...order }),
    value,
  }));
}

const single = (address: number, changes: Partial<ModbusAddress>, value: number): Expected => ({
  address: modbusAddress('holding-register', address, changes),
  value,
});

export const holding: readonly Expected[] = [
  single(0, { type: 'u16' }, 43_981),
  single(1, { type: 's16' }, -12_345),
  single(2, { type: 'u16' }, 0xa5c3),
  single(2, { type: 'bool', bit: 15 }, 1),
  single(2, { type: 'bool', bit: 14 }, 0),
  single(2, { type: 'bits', bit: 6, bitCount: 5 }, 0b10111),
  ...inAllOrders(10, 2, 'f32', Math.fround(-1234.5678)),
  ...inAllOrders(20, 2, 'u32', 0x89abcdef),
  ...inAllOrders(30, 2, 's32', -123_456_789),
  ...inAllOrders(40, 4, 'u64', Number(0x0123456789abcdefn)),
  ...inAllOrders(60, 4, 's64', -1_234_567_890_123),
  ...inAllOrders(80, 4, 'f64', -2.5e-300),
  { ...single(100, { type: 'f32' }, Number.NaN), quality: 'not-a-number' },
  { ...single(102, { type: 'f32' }, Number.NaN), quality: 'not-a-number' },
  { ...single(110, { type: 'string', registerCount: 4 }, Number.NaN), text: 'Pump 2' },
  { ...single(120, { type: 'string', registerCount: 6, byteOrder: 'low-first' }, Number.NaN), text: 'PLANTROOM-7' },
];

export const others: readonly Expected[] = [
  ...[0, 1, 50, 99].map(index => ({ address: modbusAddress('input-register', index), value: 3 * index + 7 })),
  ...[0, 1, 2, 3, 8, 9, 1_999].map(index => ({
    address: modbusAddress('coil', index),
    value: index % 3 === 0 ? 1 : 0,
  })),
  ...[2, 3, 9, 16, 1_997].map(index => ({
    address: modbusAddress('discrete-input', index),
    value: index % 7 === 2 ? 1 : 0,
  })),
];
