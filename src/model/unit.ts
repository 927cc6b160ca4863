/** Units of measurement: a table and pure functions. A point's unit is always a symbol of this table, or empty. */

interface Unit {
  /** What is measured, for messages. Only units of one quantity convert into each other. */
  readonly quantity: string;
  /** Value in the quantity's first unit = value × factor + offset. */
  readonly factor: number;
  /** Only temperatures have one; a difference of temperatures does not. */
  readonly offset: number;
}

/** Quantity → symbols with their factors. The spellings after the first are read, but written as the first. */
const table: Readonly<Record<string, readonly (readonly [spellings: string, factor: number, offset?: number])[]>> = {
  pressure: [
    ['Pa', 1],
    ['mbar hPa', 100],
    ['kPa', 1_000],
    ['bar', 100_000],
    ['MPa', 1_000_000],
    ['psi', 6_894.757293168],
    ['mmH2O', 9.80665],
    ['mH2O mWC', 9_806.65],
  ],
  temperature: [
    ['°C degC', 1],
    ['K', 1, -273.15],
    ['°F degF', 5 / 9, -160 / 9],
  ],
  voltage: [
    ['V', 1],
    ['mV', 1e-3],
    ['kV', 1e3],
  ],
  current: [
    ['A', 1],
    ['µA uA μA', 1e-6],
    ['mA', 1e-3],
    ['kA', 1e3],
  ],
  'active power': [
    ['W', 1],
    ['kW', 1e3],
    ['MW', 1e6],
  ],
  'apparent power': [
    ['VA', 1],
    ['kVA', 1e3],
    ['MVA', 1e6],
  ],
  'reactive power': [
    ['var', 1],
    ['kvar', 1e3],
    ['Mvar', 1e6],
  ],
  'active energy': [
    ['Wh', 1],
    ['kWh', 1e3],
    ['MWh', 1e6],
  ],
  'apparent energy': [
    ['VAh', 1],
    ['kVAh', 1e3],
    ['MVAh', 1e6],
  ],
  'reactive energy': [
    ['varh', 1],
    ['kvarh', 1e3],
    ['Mvarh', 1e6],
  ],
  'energy per volume': [
    ['Wh/m3 Wh/m³', 1],
    ['kWh/m3 kWh/m³', 1e3],
  ],
  frequency: [
    ['Hz', 1],
    ['kHz', 1e3],
  ],
  'rotational speed': [['rpm 1/min', 1]],
  percentage: [['%', 1]],
  'relative humidity': [['%RH', 1]],
  length: [
    ['m', 1],
    ['mm', 1e-3],
    ['cm', 1e-2],
    ['km', 1e3],
  ],
  volume: [
    ['m3 m³', 1],
    ['L l', 1e-3],
  ],
  flow: [
    ['m3/h m³/h', 1],
    ['L/s l/s', 3.6],
    ['L/min l/min', 0.06],
    ['L/h l/h', 1e-3],
  ],
  speed: [
    ['m/s', 1],
    ['km/h', 1 / 3.6],
  ],
  time: [
    ['s', 1],
    ['ms', 1e-3],
    ['min', 60],
    ['h', 3_600],
    ['d', 86_400],
  ],
  mass: [
    ['kg', 1],
    ['t', 1e3],
  ],
  torque: [['Nm', 1]],
  resistance: [
    ['Ω Ohm ohm', 1],
    ['kΩ kOhm', 1e3],
    ['MΩ MOhm', 1e6],
  ],
  conductivity: [
    ['µS/cm uS/cm μS/cm', 1],
    ['mS/cm', 1e3],
  ],
  'amount of data': [
    ['B', 1],
    ['kB', 1e3],
    ['MB', 1e6],
    ['GB', 1e9],
  ],
  concentration: [
    ['ppm', 1],
    ['ppb', 1e-3],
  ],
};

const units = new Map<string, Unit>();
const symbolOfSpelling = new Map<string, string>();
for (const [quantity, rows] of Object.entries(table)) {
  for (const [spellings, factor, offset = 0] of rows) {
    const [symbol = '', ...others] = spellings.split(' ');
    units.set(symbol, { quantity, factor, offset });
    for (const spelling of [symbol, ...others]) symbolOfSpelling.set(spelling, symbol);
  }
}

/** All symbols, as they are written. */
export const unitSymbols: readonly string[] = [...units.keys()];

/** The symbol of any known spelling (`degC` → `°C`), or undefined. Upper and lower case matter: mW is not MW. */
export function findUnit(spelling: string): string | undefined {
  return symbolOfSpelling.get(spelling);
}

/** What a unit measures (`bar` → `pressure`), or undefined for a symbol that is not in the table. */
export function quantityOf(symbol: string): string | undefined {
  return units.get(symbol)?.quantity;
}

/** The symbols that convert into this one, itself included. */
export function unitsLike(symbol: string): string[] {
  const quantity = quantityOf(symbol);
  return unitSymbols.filter(other => quantityOf(other) === quantity);
}

/** A value in another unit of the same quantity, or undefined when there is no such way. */
export function convertValue(value: number, from: string, to: string): number | undefined {
  if (from === to) return value;
  const [source, target] = [units.get(from), units.get(to)];
  if (!source || !target || source.quantity !== target.quantity) return undefined;
  return tidy((value * source.factor + source.offset - target.offset) / target.factor);
}

/** A difference in another unit: 1 °C of deadband is 1.8 °F, not 33.8. */
export function convertDifference(difference: number, from: string, to: string): number | undefined {
  if (from === to) return difference;
  const [source, target] = [units.get(from), units.get(to)];
  if (!source || !target || source.quantity !== target.quantity) return undefined;
  return tidy((difference * source.factor) / target.factor);
}

export interface Quantity {
  readonly value: number;
  /** As it was written, not yet looked up; empty for a bare number. */
  readonly unit: string;
}

const quantityPattern = /^([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([^\d.,].*)?$/i;

/** Splits `4.5 bar` into number and unit; undefined when it does not start with a number. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = quantityPattern.exec(text.trim());
  if (!match) return undefined;
  const value = Number(match[1]);
  return Number.isFinite(value) ? { value, unit: (match[2] ?? '').trim() } : undefined;
}

/** `4.5 bar`, or just `4.5` without a unit. */
export function formatQuantity(value: number, unit: string): string {
  return unit === '' ? String(value) : `${value} ${unit}`;
}

/** Takes off the noise in the last digits that a conversion leaves: 0.30000000000000004 → 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
