/*
 * What devices call their units (BACnetEngineeringUnits, ANSI/ASHRAE 135-2016 clause 21), and the symbols that we have for
 * them: `name number symbol`. Where the symbol is missing we have none. `-` is a number without unit. Differences of
 * temperatures have none either: our kelvin is a temperature.
 */
const table = `
  square-meters 0, square-feet 1, milliamperes 2 mA, amperes 3 A, ohms 4 Ω, volts 5 V, kilovolts 6 kV, megavolts 7,
  volt-amperes 8 VA, kilovolt-amperes 9 kVA, megavolt-amperes 10 MVA, volt-amperes-reactive 11 var,
  kilovolt-amperes-reactive 12 kvar, megavolt-amperes-reactive 13 Mvar, degrees-phase 14, power-factor 15 -, joules 16,
  kilojoules 17, watt-hours 18 Wh, kilowatt-hours 19 kWh, btus 20, therms 21, ton-hours 22,
  joules-per-kilogram-dry-air 23, btus-per-pound-dry-air 24, cycles-per-hour 25, cycles-per-minute 26, hertz 27 Hz,
  grams-of-water-per-kilogram-dry-air 28, percent-relative-humidity 29 %RH, millimeters 30 mm, meters 31 m, inches 32,
  feet 33, watts-per-square-foot 34, watts-per-square-meter 35, lumens 36, luxes 37, foot-candles 38, kilograms 39 kg,
  pounds-mass 40, tons 41, kilograms-per-second 42, kilograms-per-minute 43, kilograms-per-hour 44,
  pounds-mass-per-minute 45, pounds-mass-per-hour 46, watts 47 W, kilowatts 48 kW, megawatts 49 MW, btus-per-hour 50,
  horsepower 51, tons-refrigeration 52, pascals 53 Pa, kilopascals 54 kPa, bars 55 bar,
  pounds-force-per-square-inch 56 psi, centimeters-of-water 57, inches-of-water 58, millimeters-of-mercury 59,
  centimeters-of-mercury 60, inches-of-mercury 61, degrees-celsius 62 °C, kelvin 63 K, degrees-fahrenheit 64 °F,
  degree-days-celsius 65, degree-days-fahrenheit 66, years 67, months 68, weeks 69, days 70 d, hours 71 h,
  minutes 72 min, seconds 73 s, meters-per-second 74 m/s, kilometers-per-hour 75 km/h, feet-per-second 76,
  feet-per-minute 77, miles-per-hour 78, cubic-feet 79, cubic-meters 80 m3, imperial-gallons 81, liters 82 L,
  us-gallons 83, cubic-feet-per-minute 84, cubic-meters-per-second 85, imperial-gallons-per-minute 86,
  liters-per-second 87 L/s, liters-per-minute 88 L/min, us-gallons-per-minute 89, degrees-angular 90,
  degrees-celsius-per-hour 91, degrees-celsius-per-minute 92, degrees-fahrenheit-per-hour 93,
  degrees-fahrenheit-per-minute 94, no-units 95 -, parts-per-million 96 ppm, parts-per-billion 97 ppb, percent 98 %,
  percent-per-second 99, per-minute 100, per-second 101, psi-per-degree-fahrenheit 102, radians 103,
  revolutions-per-minute 104 rpm, currency1 105, currency2 106, currency3 107, currency4 108, currency5 109,
  currency6 110, currency7 111, currency8 112, currency9 113, currency10 114, square-inches 115,
  square-centimeters 116, btus-per-pound 117, centimeters 118 cm, pounds-mass-per-second 119,
  delta-degrees-fahrenheit 120, delta-degrees-kelvin 121, kilohms 122 kΩ, megohms 123 MΩ, millivolts 124 mV,
  kilojoules-per-kilogram 125, megajoules 126, joules-per-degree-kelvin 127, joules-per-kilogram-degree-kelvin 128,
  kilohertz 129 kHz, megahertz 130, per-hour 131, milliwatts 132, hectopascals 133 mbar, millibars 134 mbar,
  cubic-meters-per-hour 135 m3/h, liters-per-hour 136 L/h, kilowatt-hours-per-square-meter 137,
  kilowatt-hours-per-square-foot 138, megajoules-per-square-meter 139, megajoules-per-square-foot 140,
  watts-per-square-meter-degree-kelvin 141, cubic-feet-per-second 142, percent-obscuration-per-foot 143,
  percent-obscuration-per-meter 144, milliohms 145, megawatt-hours 146 MWh, kilo-btus 147, mega-btus 148,
  kilojoules-per-kilogram-dry-air 149, megajoules-per-kilogram-dry-air 150, kilojoules-per-degree-kelvin 151,
  megajoules-per-degree-kelvin 152, newton 153, grams-per-second 154, grams-per-minute 155, tons-per-hour 156,
  kilo-btus-per-hour 157, hundredths-seconds 158, milliseconds 159 ms, newton-meters 160 Nm,
  millimeters-per-second 161, millimeters-per-minute 162, meters-per-minute 163, meters-per-hour 164,
  cubic-meters-per-minute 165, meters-per-second-per-second 166, microsiemens 190, cubic-feet-per-hour 191,
  us-gallons-per-hour 192, kilometers 193 km, micrometers 194, grams 195, milligrams 196, milliliters 197,
  milliliters-per-second 198, decibels 199, millisiemens 202, watt-hours-reactive 203 varh,
  kilowatt-hours-reactive 204 kvarh, megawatt-hours-reactive 205 Mvarh, millimeters-of-water 206 mmH2O, per-mille 207,
  milligrams-per-liter 215, micrograms-per-liter 216, grams-per-cubic-meter 217, milligrams-per-cubic-meter 218,
  micrograms-per-cubic-meter 219, decibels-a 232, nephelometric-turbidity-unit 233, ph 234,
  volt-ampere-hours 239 VAh, kilovolt-ampere-hours 240 kVAh, megavolt-ampere-hours 241 MVAh,
  volt-ampere-hours-reactive 242 varh, kilovolt-ampere-hours-reactive 243 kvarh,
  megavolt-ampere-hours-reactive 244 Mvarh, cubic-meters-per-day 249, watt-hours-per-cubic-meter 250 Wh/m3
`;

interface BacnetUnit {
  readonly name: string;
  readonly symbol: string | undefined;
}

const units: ReadonlyMap<number, BacnetUnit> = new Map(
  table.split(',').map(row => {
    const [name = '', number = '', symbol] = row.trim().split(/\s+/);
    return [Number(number), { name, symbol: symbol === '-' ? '' : symbol }];
  }),
);

/** `degrees-celsius`; `units 512` where the standard, or we, have no name for it. */
export function unitName(number: number): string {
  return units.get(number)?.name ?? `units ${number}`;
}

/** A symbol of model/unit.ts, empty for a number without unit; undefined where we have none for it. */
export function unitSymbol(number: number): string | undefined {
  return units.get(number)?.symbol;
}
