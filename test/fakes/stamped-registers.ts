import type { RegisterImage } from '../../src/sim/register-image.ts';

/*
 * Every register holds a number that says its unit, its address and how many requests the unit has had, so that a value
 * from another device, another register or another time shows itself.
 */

/** What every register of the unit holds when it answers this request. */
export function stamp(image: RegisterImage, unitId: number, request: number): void {
  for (const [name, table] of Object.entries(image)) {
    for (let index = 0; index < table.cells.length; index += 1) {
      table.cells[index] = contentOf(unitId, table.first + index, request, isBit(name));
    }
  }
}

/** Different for every unit, register and request, as far as 16 bits go. */
export function contentOf(unitId: number, address: number, request: number, asBit: boolean): number {
  const content = (unitId * 7_919 + address * 31 + request * 977 + 1) & 0xffff;
  return asBit ? (content >> 3) & 1 : content;
}

export function isBit(table: string): boolean {
  return table === 'coil' || table === 'discrete-input';
}
