import { z } from 'zod';
import { parseDuration } from '../base/duration.ts';
import { priorities } from '../model/alarm.ts';
import { mostBacnetInstance } from '../model/bacnet-names.ts';
import { plantProtocols } from '../model/bus.ts';
import { remoteCommands } from '../model/command.ts';
import { callReasons, outputKinds, outputPatterns } from '../model/output.ts';
import { modbusTables, modbusTypes, selfMeasures } from '../model/point.ts';
import { parities } from '../model/serial-line.ts';
import { uplinkFormats } from '../model/site.ts';
import { summarySpans } from '../model/summary.ts';
import { languages } from '../model/texts.ts';

/**
 * The shape of a site file and of a profile: the one truth for the types, the checks and the editors' JSON Schema. The
 * text of each `error` is the noun phrase that says what belongs there; `description` is what an editor shows. What a
 * shape cannot say (units, references, sums of addresses) is checked afterwards. The only file that knows zod.
 */

const idShape = (error: string) => z.string({ error }).regex(/^[a-z0-9-]{1,40}$/, { error });
const idText = '1 to 40 of a–z, 0–9 and - (in quotes when all are digits)';

const id = (description: string) => idShape(`an id: ${idText}`).describe(description);

const text = (description: string, maxLength = 200) => {
  const error = `a text of 1 to ${maxLength} characters, in quotes when it looks like a number`;
  return z.string({ error }).min(1, { error }).max(maxLength, { error }).describe(description);
};

/** The same in one language or in several; src/site/localize.ts has chosen when the shapes are looked at. */
const localText = (description: string, maxLength = 200) => text(description, maxLength).meta({ isLocal: true });

const whole = (min: number, max: number, description: string) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error }).describe(description);
};

const number = (description: string) => z.number({ error: 'a number' }).describe(description);

const choice = <const Values extends readonly [string, ...string[]]>(values: Values, description: string) =>
  z.enum(values, { error: `one of ${values.join(', ')}` }).describe(description);

const duration = (min: string, max: string, description: string) => {
  const error = `a duration from ${min} to ${max}, such as 250ms, 15s, 5m or 1h`;
  const [minMs = 0, maxMs = 0] = [parseDuration(min), parseDuration(max)];
  return z
    .string({ error })
    .regex(/^\d+(\.\d+)?(ms|s|m|min|h|d)$/, { error })
    .refine(
      written => {
        const ms = parseDuration(written);
        return ms === undefined || (ms >= minMs && ms <= maxMs);
      },
      { error },
    )
    .describe(description);
};

const quantity = (description: string) => {
  const error = 'a number with its unit, such as 4.5 bar';
  return z.union([z.number(), z.string().regex(/^[+-]?\d/, { error })], { error }).describe(description);
};

const listText = 'a list: [a, b], or one line with a dash for each';

const listOf = <Item extends z.ZodType>(item: Item, description: string) =>
  z.array(item, { error: listText }).describe(description);

const interval = (description: string) => duration('50ms', '1h', description);

const yesOrNo = (description: string) =>
  z.union([z.enum(['yes', 'no']), z.boolean()], { error: 'yes or no' }).describe(description);

const priority = choice(priorities, 'How urgent the alarm is. Left out: medium.');

const wordOrder = choice(
  ['high-first', 'low-first'],
  'Which register of a multi-register value comes first (ABCD: high-first, CDAB: low-first). Left out: high-first.',
);
const byteOrder = choice(
  ['high-first', 'low-first'],
  'Which byte of a register comes first. Left out: high-first, as the standard says.',
);
const maxRegisters = whole(1, 125, 'Most registers the device takes in one read. Left out: 125.');
const maxGap = whole(
  0,
  124,
  'Registers nobody asked for that one read may run across to reach the next point; 0 for a device that refuses it. Left out: as many as cost less than another request.',
);
const deviceTimeout = duration('20ms', '30s', 'Longest time the device may take to answer. Left out: as the bus says.');
const barrierAddresses = z.array(whole(1, 65_535, 'An address'), { error: 'a list of addresses' });
const barriers = z
  .partialRecord(choice(modbusTables, 'A table'), barrierAddresses, {
    error: 'a mapping of tables to addresses: {holding-register: [100, 200]}',
  })
  .describe('Addresses that no read may run into from below: {holding-register: [100]} parts 99 from 100.');

const states = z
  .record(z.string().regex(/^-?\d+$/), text('The text', 80), {
    error: 'a mapping of numbers to texts: {0: stopped, 1: running}',
  })
  .describe('What the numbers of an enumeration mean: {0: stopped, 1: running}.');

const rawNumbers = (description: string) =>
  listOf(z.number({ error: 'a raw number such as 65535 or 0xFFFF' }), description);

const address = (what: string) =>
  whole(0, 65_535, `${what}, zero-based as it goes over the wire: 40001 in a manual is often 0 here.`);

const record = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        deadband: quantity('How far a value must move to be kept. Left out: every change is kept.').optional(),
        every: duration(
          '10s',
          '1d',
          'A value that does not move is kept again after so long. Left out: 5m.',
        ).optional(),
      }),
    ],
    { error: 'off, or a mapping: {deadband: 0.1 bar, every: 5m}' },
  )
  .describe('How the raw history of the point is kept on this machine. Left out: every change, and each 5m.');

const pointBasics = {
  id: id('Id of the point, unique in its device. The same id as in the profile changes just the fields given here.'),
  name: localText('What people read. Left out: the id.', 80).optional(),
  'name-zh': text('The name in Chinese.', 80).optional(),
  scale: number('Engineering value = raw × scale + offset. Left out: 1.').optional(),
  offset: number('Engineering value = raw × scale + offset. Left out: 0.').optional(),
  unit: text('Unit of the engineering value: bar, °C, V, kW, m3/h … Left out: a number without unit.', 10).optional(),
  states: states.optional(),
  counter: z
    .boolean({ error: 'yes or no' })
    .describe(
      'Whether the value only rises until it is reset, as of an energy, a volume or running hours: its summaries tell how much it rose. Left out: yes for units of energy.',
    )
    .optional(),
  record: record.optional(),
  interval: interval('How often the point is read. Left out: as the device says.').optional(),
  note: text('For people who read the file.', 400).optional(),
};

const modbusPoint = z.strictObject(
  {
    ...pointBasics,
    'holding-register': address('Address of the first holding register').optional(),
    'input-register': address('Address of the first input register').optional(),
    coil: address('Address of the coil').optional(),
    'discrete-input': address('Address of the discrete input').optional(),
    type: choice(modbusTypes, 'How the registers are read. Coils and discrete inputs are always bool.').optional(),
    'word-order': wordOrder.optional(),
    'byte-order': byteOrder.optional(),
    bit: whole(
      0,
      15,
      'For bool in a register: which bit; for bits: the lowest one. Bit 0 is the lowest of the register.',
    ).optional(),
    'bit-count': whole(1, 16, 'For bits: how many.').optional(),
    length: whole(1, 125, 'For string: how many registers.').optional(),
    invalid: rawNumbers('Raw numbers by which the device says that it has no value.').optional(),
  },
  { error: 'a point: {id: …, holding-register: …, type: …}' },
);

const objectText = 'an object: its type and its number, such as analog-input 3';
const propertyText = 'a property: its name, such as present-value, or the number of a proprietary one';

const bacnetPoint = z.strictObject(
  {
    ...pointBasics,
    object: z
      .string({ error: objectText })
      .regex(/^[a-z0-9-]+( \d{1,7})?$/, { error: objectText })
      .describe(
        'Type and number of the object: analog-input 3. A proprietary type by its number: 130 3. Just device is the Device object.',
      )
      .optional(),
    property: z
      .union([z.string(), z.int()], { error: propertyText })
      .describe('Name of the property, or its number. Left out: present-value.')
      .optional(),
    index: whole(
      0,
      100_000,
      'Of an array: which element, from 1; 0 is how many it has. Left out: the whole.',
    ).optional(),
    bit: whole(0, 255, 'Of a bit string: which bit is the value, from 0 as the standard counts them.').optional(),
    contains: whole(
      0,
      65_535,
      'Of a list: the value is 1 while this number is in it, a fault of fault-signals or a floor of calls.',
    ).optional(),
    count: yesOrNo('Of a list: the value is how many it has. Left out: no.').optional(),
    type: choice(['text'], 'The value is a text. Left out: it is a number.').optional(),
    cov: z
      .union(
        [
          yesOrNo('Whether the device tells changes by itself.'),
          z.strictObject({
            increment: z
              .number({ error: 'a number above 0' })
              .positive({ error: 'a number above 0' })
              .describe('How far the raw value must move to be told.'),
          }),
        ],
        { error: 'yes, no, or a mapping: {increment: 0.5}' },
      )
      .describe(
        'The device is asked to tell changes at once; the interval is then only a heartbeat. Left out: as the device says, otherwise no.',
      )
      .optional(),
    invalid: rawNumbers('Raw numbers by which the device says that it has no value.').optional(),
  },
  { error: 'a point: {id: …, object: analog-input 3}' },
);

const selfPoint = z.strictObject({
  ...pointBasics,
  measure: choice(selfMeasures, 'What the gateway measures of itself.'),
});

const rate = z
  .strictObject(
    {
      rise: quantity('How fast the value may rise: 0.2 bar/s, 5 °C/min, 1 m/h.').optional(),
      fall: quantity('How fast the value may fall.').optional(),
      both: quantity('How fast the value may change in either direction.').optional(),
      over: duration('100ms', '1h', 'The window over which the rate is measured.'),
      'min-change': quantity('The change over the window below which noise is not called a rate.'),
    },
    { error: 'a mapping: {fall: 0.2 bar/s, over: 10s, min-change: 0.3 bar}' },
  )
  .describe('Alarm when the value changes too fast.');

const stateName = z.union([z.string(), z.number()], { error: 'a state: its text or its number' });
const stateNames = z
  .union([z.string(), z.number(), z.array(stateName).min(1, { error: 'at least one state' })], {
    error: 'a state, or a list of states',
  })
  .describe('Alarm while the point is in this state, or in one of these: its text or its number.');

const eventState = (what: string) => stateNames.describe(what).optional();

const counterRate = z
  .strictObject(
    {
      state: eventState('Of a point with states: how often it comes to this one is counted.'),
      'more-than': quantity('The most it may rise in that time: 15, or 20 kWh.').optional(),
      'less-than': quantity('The least it must rise in that time.').optional(),
      in: duration('1m', '31d', 'The time.'),
    },
    { error: 'a mapping: {more-than: 15, in: 1h}' },
  )
  .describe('Alarm when a counter rises too much or too little within a time: starts per hour, energy per interval.');

const lasting = z
  .strictObject(
    {
      state: eventState('The state that must not last so long.'),
      above: quantity('The value must not be above this for so long.').optional(),
      below: quantity('The value must not be below this for so long.').optional(),
      'longer-than': duration('1s', '60d', 'How long it may last.'),
    },
    { error: 'a mapping: {state: running, longer-than: 30m}' },
  )
  .describe(
    'Alarm when a state, or a value beyond a limit, lasts too long. Unlike an on-delay it outlives a restart and short gaps.',
  );

const missing = z
  .strictObject(
    {
      state: eventState('The state that should be reached. Left out: the counter should rise.'),
      within: duration('1m', '60d', 'How long it may take until it happens again.'),
    },
    { error: 'a mapping: {state: running, within: 8d}' },
  )
  .describe('Alarm when a state was not reached, or a counter has not risen, for so long: the weekly test run.');

const band = z
  .strictObject(
    {
      of: choice(
        ['15m', '15min', '1h'],
        'Each part of the day so long has a band of its own. Left out: 1h.',
      ).optional(),
      days: whole(3, 28, 'How many days count. Left out: 14.').optional(),
      factor: z
        .number({ error: 'a number from 1 to 100' })
        .min(1, { error: 'a number from 1 to 100' })
        .max(100, { error: 'a number from 1 to 100' })
        .describe('How far the value may be from the median, in median deviations of those days: 4.')
        .optional(),
      share: quantity('How far the value may be from the median, as a share of it: 40 %.').optional(),
      'min-change': quantity('The distance from the median that is never an alarm, so that noise is none.'),
      direction: choice(['above', 'below', 'both'], 'On which side it is an alarm. Left out: both.').optional(),
    },
    { error: 'a mapping: {factor: 4, min-change: 2 kW}' },
  )
  .describe(
    'Alarm when the value is not as it was at this time of day over the last days: night lighting, night flow.',
  );

const forecast = z
  .strictObject(
    {
      reaches: quantity('The limit that must not be reached.'),
      within: duration('1m', '7d', 'Alarm when it will be reached sooner than this.'),
      over: duration('10s', '1d', 'The time from which the trend is taken.'),
      'min-change': quantity('The change over that time below which noise is not called a trend.'),
    },
    { error: 'a mapping: {reaches: 0.2 m, within: 2h, over: 30m, min-change: 5 cm}' },
  )
  .describe('Alarm when the value, if it goes on as now, reaches a limit soon: tank empty, winding hot.');
const timeOfDay = z
  .string({ error: 'a time of day in quotes: "22:00"' })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'a time of day in quotes: "22:00"' });
const weekdayList = 'days of the week: mon-fri, or sat, sun, or [mon, wed-fri]';
const schedule = z
  .strictObject(
    {
      days: z
        .union([z.string(), z.array(z.string()).min(1, { error: weekdayList })], { error: weekdayList })
        .describe('The days on which it begins: mon-fri, or [sat, sun]. Left out: every day.')
        .optional(),
      from: timeOfDay.describe('When it begins, by the clock on the wall.'),
      to: timeOfDay.describe('When it ends; on the next day where that is not later.'),
    },
    { error: 'a mapping: {days: mon-fri, from: "22:00", to: "06:00"}' },
  )
  .describe('When the alarm is watched; at all other times it is suppressed. Left out: always.');
const suppressedBy = listOf(
  idShape('the id of a suppression'),
  'Ids of suppressions of the site file: while one of them holds, the alarm is suppressed.',
);

/** What becomes of an alarm once it was raised (docs/alarms.md). */
const alarmLifeShape = {
  latching: choice(['yes', 'no'], 'Once raised it stays until a person resets it. Left out: no.').optional(),
  acknowledge: choice(
    ['person', 'auto'],
    'Who acknowledges it: a person, or nobody has to. Left out: auto for priority low, otherwise person.',
  ).optional(),
  'suppressed-by': suppressedBy.optional(),
  schedule: schedule.optional(),
};

const spread = z
  .strictObject(
    {
      over: duration('1s', '1d', 'The window over which the values are looked at.'),
      deviation: quantity('How large their standard deviation may be.').optional(),
      'peak-to-peak': quantity('How far the lowest and the highest may be apart.').optional(),
    },
    { error: 'a mapping: {over: 60s, deviation: 0.2 bar}' },
  )
  .describe('Alarm when the value swings: pressure hunting.');

const reference = (description: string) => {
  const error = 'a point, or a number with its unit, such as 4.5 bar';
  return z.union([z.number(), z.string().min(1).max(100)], { error }).describe(description);
};

const pointName = (description: string) => {
  const error = 'a point: in the site file DEVICE/POINT, in a profile the id of one of its points';
  return z
    .string({ error })
    .regex(/^[a-z0-9-]+(\/[a-z0-9-]+)?$/, { error })
    .describe(description);
};

const deviation = z
  .strictObject(
    {
      from: reference('Where the value should be: another point that measures the same, or a number.'),
      by: quantity('How far it may be away in either direction.').optional(),
      above: quantity('How far it may be above.').optional(),
      below: quantity('How far it may be below.').optional(),
    },
    { error: 'a mapping: {from: booster/setpoint, by: 0.5 bar}' },
  )
  .describe('Alarm when the value is too far from another point, or from a number.');

const crossings = z
  .strictObject(
    {
      of: reference('The level that is crossed: another point that measures the same, or a number.'),
      'more-than': whole(1, 1_000, 'How many crossings are still right.'),
      in: duration('1s', '1d', 'The time in which they are counted.'),
      band: quantity('How far beyond the level a value must be to count as on the other side: noise is not counted.'),
    },
    { error: 'a mapping: {of: 3 bar, more-than: 6, in: 2m, band: 0.1 bar}' },
  )
  .describe('Alarm when the value goes up and down through a level too often.');

const mismatch = z
  .strictObject(
    {
      command: pointName('The point of the command that this point has to follow.'),
      start: duration('0s', '1h', 'How long it may take to start.'),
      stop: duration('0s', '1h', 'How long it may take to stop.'),
      commanded: stateNames.describe('States of the command that mean on. Left out: every value but 0.').optional(),
      running: stateNames.describe('States of this point that mean on. Left out: every value but 0.').optional(),
      'start-message': localText('What the duty engineer reads when it does not start.').optional(),
      'stop-message': localText('What the duty engineer reads when it does not stop.').optional(),
    },
    { error: 'a mapping: {command: pump/command, start: 5s, stop: 30s}' },
  )
  .describe('Alarm when this point, a feedback, does not follow its command.');

const frozen = z
  .strictObject(
    {
      for: duration('1s', '7d', 'How long the value has not moved.'),
      span: quantity('A value that stays within so much does not move.'),
      while: pointName('It should move while this other point moves. Left out: at all times.').optional(),
      moves: quantity('How far the other point must have moved in the same time. Left out: at all.').optional(),
    },
    { error: 'a mapping: {for: 6h, span: 0.2 bar, while: booster/flow, moves: 5 m3/h}' },
  )
  .describe('Alarm when the value does not move though it should: a sensor that hangs.');

const alarmShape = (pointText: string, point: z.ZodString) =>
  z.strictObject(
    {
      id: id('Id of the alarm, unique among those of its device. DEVICE/ID is its identity, so keep it.'),
      point: point.describe(pointText),
      'high-high': quantity('Alarm when the value is above this limit.').optional(),
      high: quantity('Alarm when the value is above this limit.').optional(),
      low: quantity('Alarm when the value is below this limit.').optional(),
      'low-low': quantity('Alarm when the value is below this limit.').optional(),
      rate: rate.optional(),
      state: stateNames.optional(),
      spread: spread.optional(),
      stale: duration('1s', '7d', 'Alarm when there has been no good value for so long.').optional(),
      deviation: deviation.optional(),
      crossings: crossings.optional(),
      mismatch: mismatch.optional(),
      frozen: frozen.optional(),
      'counter-rate': counterRate.optional(),
      duration: lasting.optional(),
      missing: missing.optional(),
      band: band.optional(),
      forecast: forecast.optional(),
      deadband: quantity(
        'How far the value must come back past the limit (of a limit, a spread, a deviation, a duration or a band) before the alarm returns. Left out: 0.',
      ).optional(),
      'on-delay': duration('0s', '1d', 'How long the condition must last to raise the alarm. Left out: 0s.').optional(),
      'off-delay': duration('0s', '1d', 'How long it must be gone for the alarm to return. Left out: 0s.').optional(),
      priority: priority.optional(),
      're-alarm': duration(
        '1m',
        '7d',
        'An alarm that still stands is announced again when nobody has done anything about it for so long, also when it was acknowledged. Left out: never.',
      ).optional(),
      message: localText('What the duty engineer reads first. Left out: point and limit in words.').optional(),
      ...alarmLifeShape,
    },
    { error: 'an alarm: {id: …, point: …, high: …}' },
  );

const pointReference = 'a device and a point: booster/outlet-pressure';
const group = idShape('the id of a group');
const groupOfAlarm = group.describe('Id of its first-out group. Left out: that of its device.').optional();
const siteAlarm = alarmShape(
  'The point as DEVICE/POINT.',
  z.string({ error: pointReference }).regex(/^[^/]+\/[^/]+$/, { error: pointReference }),
).extend({ group: groupOfAlarm });
const profileAlarm = alarmShape('Id of a point of this profile.', idShape(`the id of a point: ${idText}`));

const inputReference = 'a point, an alarm, or what a point did: {rate: booster/outlet-pressure, over: 10s}';
const overWindow = duration('100ms', '1d', 'The window, for rate, mean, min and max.');
const expressionInput = z.union(
  [
    z.string({ error: inputReference }),
    z.strictObject({
      value: z
        .union([z.number(), z.string()], { error: 'a point or a number with its unit' })
        .describe('What this point says now, or a number with its unit: for unit.')
        .optional(),
      unit: text('The unit that the expression is written in; the value is converted into it.', 20).optional(),
      rate: z.string().describe('How fast this point changes, in its unit per second.').optional(),
      mean: z.string().describe('The mean of this point over the window.').optional(),
      min: z.string().describe('The lowest value of this point in the window.').optional(),
      max: z.string().describe('The highest value of this point in the window.').optional(),
      alarm: z.string().describe('Whether the condition of this alarm stands.').optional(),
      over: overWindow.optional(),
    }),
  ],
  { error: inputReference },
);
const expressionParts = {
  inputs: z
    .record(z.string(), expressionInput, { error: 'a mapping of names to points: {p: booster/outlet-pressure}' })
    .describe(
      'What the expression uses, by the names it uses: a point (its number, or the text of its state), {rate: …, over: …}, mean, min and max likewise, or {alarm: …}. In a site file DEVICE/ID, in a profile just the ID.',
    ),
  expression: text('In CEL: p < 2.0 && dp < -0.05. Numbers beside measured values have a decimal point.', 1_000),
};
const ownerDevice = idShape('the id of a device')
  .describe('Id of the device it belongs to. Left out: the device "computed", which has nothing else.')
  .optional();

const { interval: _interval, scale: _scale, offset: _offset, ...computedBasics } = pointBasics;
const profileComputed = z.strictObject(
  { ...computedBasics, id: id('Id of the point, unique in its device.'), ...expressionParts },
  { error: 'a computed point: {id: …, unit: …, inputs: {…}, expression: …}' },
);
const siteComputed = profileComputed.extend({ device: ownerDevice });

const commonOfAlarms = {
  id: true,
  'on-delay': true,
  'off-delay': true,
  priority: true,
  're-alarm': true,
} as const;
const profileExpressionAlarm = profileAlarm.pick(commonOfAlarms).extend({
  ...alarmLifeShape,
  message: localText('What the duty engineer reads first.'),
  ...expressionParts,
});
const siteExpressionAlarm = profileExpressionAlarm.extend({ device: ownerDevice, group: groupOfAlarm });

/** What differs in an alarm of a profile or class; for editors, since the whole is looked at once it is put together. */
const { point: _point, id: _id, ...changeable } = siteAlarm.shape;
const alarmChange = z.strictObject(
  {
    id: id('Id of the alarm that is changed.'),
    device: idShape('the id of a device').describe('Id of its device.'),
    enabled: yesOrNo('no switches the alarm off.').optional(),
    ...Object.fromEntries(Object.entries(changeable).map(([key, shape]) => [key, inPart(shape)])),
    inputs: expressionParts.inputs.optional(),
    expression: expressionParts.expression.optional(),
  },
  { error: 'a change of an alarm: {id: …, device: …, on-delay: 30s}' },
);

function inPart(shape: z.ZodType): z.ZodType {
  const whole = shape instanceof z.ZodOptional ? (shape.unwrap() as z.ZodType) : shape;
  if (!(whole instanceof z.ZodObject)) return shape.optional();
  return whole
    .partial()
    .describe(whole.description ?? '')
    .optional();
}

const suppression = z.strictObject(
  {
    id: id('Id of the reason; alarms name it under suppressed-by.'),
    name: localText('What people read: "the pump is off".', 80).optional(),
    ...expressionParts,
  },
  { error: 'a suppression: {id: …, inputs: {…}, expression: …}' },
);

const host = z
  .string({ error: 'a host name or an IP address' })
  .regex(/^[A-Za-z0-9._:-]{1,253}$/, { error: 'a host name or an IP address' });

const protocol = choice(plantProtocols, 'What is spoken on it.');

const busBasics = {
  id: id('Id of the bus.'),
  protocol,
  timeout: duration('20ms', '30s', 'Longest wait for one answer. Left out: 1s.').optional(),
  'dead-device-share': whole(
    1,
    50,
    'The most of its time, in percent, that the bus gives to devices that do not answer. Left out: 10.',
  ).optional(),
};

const socket = {
  host: host.describe('Host name or IP address of the device or of the gateway to its serial line.'),
  port: whole(1, 65_535, 'TCP port. Left out: 502.').optional(),
  'connect-timeout': duration('100ms', '30s', 'Longest wait for the connection. Left out: 3s.').optional(),
};

const stopBits = z.union([z.literal(1), z.literal(2)], { error: '1 or 2' });

const serialLine = {
  'baud-rate': whole(300, 921_600, 'Bits a second, as set at every device of the line: 9600, 19200 …'),
  parity: choice(parities, 'As set at every device of the line.'),
  'stop-bits': stopBits.describe('Stop bits, 1 or 2. Left out: 1.').optional(),
  turnaround: duration(
    '0s',
    '1s',
    'Rest after each answer beyond the silence of 3.5 characters, for devices or adapters that need it. Left out: 0s.',
  ).optional(),
};

const echo = choice(
  ['auto', 'yes', 'no'],
  'Whether a two-wire line lets us hear our own requests. Left out: auto, which finds out.',
);

const rs485 = z.strictObject(
  {
    direction: choice(
      ['adapter', 'kernel'],
      'Who switches between sending and receiving: the adapter by itself, or the driver of the kernel. Left out: adapter.',
    ).optional(),
    echo: echo.optional(),
  },
  { error: 'a mapping: {direction: adapter, echo: auto}' },
);

const serialPath = 'the path of a serial port: /dev/serial/by-id/…';

const tcpBus = z.strictObject(
  {
    ...busBasics,
    ...socket,
    'requests-in-flight': whole(
      1,
      16,
      'Requests sent before the first is answered; more than 1 only for a device that is known to take it. Left out: 1.',
    ).optional(),
  },
  { error: 'a bus: {id: …, protocol: modbus-tcp, host: …}' },
);

const rtuBus = z.strictObject(
  {
    ...busBasics,
    path: z
      .string({ error: serialPath })
      .regex(/^\/[^\0]{1,400}$/, { error: serialPath })
      .describe('Path of the serial port; `plantroom ports` lists the names that stay.'),
    ...serialLine,
    rs485: rs485.describe('How the adapter behaves on a two-wire line.').optional(),
  },
  { error: 'a bus: {id: …, protocol: modbus-rtu, path: …, baud-rate: …, parity: …}' },
);

const rtuOverTcpBus = z.strictObject(
  {
    ...busBasics,
    ...socket,
    port: whole(1, 65_535, 'TCP port of the serial device server.'),
    ...serialLine,
    rs485: rs485.pick({ echo: true }).describe('How the line behind the device server behaves.').optional(),
  },
  { error: 'a bus: {id: …, protocol: modbus-rtu-over-tcp, host: …, port: …, baud-rate: …, parity: …}' },
);

const ipv4Text = 'an IPv4 address, such as 192.168.10.2; names are not looked up';
const ipv4 = (description: string) =>
  z
    .string({ error: ipv4Text })
    .regex(/^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/, { error: ipv4Text })
    .describe(description);

const foreign = z.strictObject(
  {
    host: ipv4('IP address of the BBMD.'),
    port: whole(1, 65_535, 'Its UDP port. Left out: 47808, whatever port the bus has.').optional(),
    ttl: duration('30s', '10h', 'How long it keeps us; renewed in time. Left out: 5m.').optional(),
  },
  { error: 'a mapping: {host: 10.0.0.1, ttl: 5m}' },
);

const bacnetBus = z.strictObject(
  {
    ...busBasics,
    timeout: duration('50ms', '30s', 'Longest wait for one answer, with its retries. Left out: 3s.').optional(),
    address: ipv4(
      'Our own address on the interface that leads to the devices: two interfaces are two buses. Left out: 0.0.0.0, all interfaces.',
    ).optional(),
    port: whole(1, 65_535, 'UDP port that we listen on, and that devices have. Left out: 47808.').optional(),
    broadcast: ipv4(
      'Where broadcasts go. Left out: the broadcast address of the interface, or 255.255.255.255 on all.',
    ).optional(),
    foreign: foreign.describe('The BBMD of another network that we register with. Left out: none.').optional(),
    retries: whole(0, 5, 'How often a request is sent again within its wait. Left out: 2.').optional(),
    'requests-in-flight': whole(
      1,
      128,
      'Requests under way at once, to all devices together; one device never has more than two. Left out: 32.',
    ).optional(),
  },
  { error: 'a bus: {id: …, protocol: bacnet-ip}' },
);

/** For the editors: each kind of bus says which protocol it is. */
const bus = z.discriminatedUnion('protocol', [
  tcpBus.extend({ protocol: z.literal('modbus-tcp') }),
  rtuBus.extend({ protocol: z.literal('modbus-rtu') }),
  rtuOverTcpBus.extend({ protocol: z.literal('modbus-rtu-over-tcp') }),
  bacnetBus.extend({ protocol: z.literal('bacnet-ip') }),
]);

const communication = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        priority: priority.optional(),
        'on-delay': duration('0s', '1d', 'How long the device must be silent. Left out: 10s.').optional(),
        'suppressed-by': suppressedBy.optional(),
        acknowledge: alarmLifeShape.acknowledge,
      }),
    ],
    { error: 'off, or a mapping: {priority: high, on-delay: 10s}' },
  )
  .describe('The alarm that comes when the device is not heard. Left out: high after 10s; `off` for none.');

const className = idShape('the name of an equipment class').describe(
  'Name of an equipment class, whose rules it gets: profiles/classes/NAME.yaml beside the site file, or one that comes with plantroom.',
);
const classAs = z
  .record(
    z.string(),
    z.union([z.number(), z.string().min(1).max(100)], { error: 'a point, or a number with its unit' }),
    { error: 'a mapping: {outlet-pressure: discharge, setpoint: 4.5 bar}' },
  )
  .describe(
    'What stands for the points of the class: a point of this device, DEVICE/POINT, or a number with its unit. Left out: points of the same ids.',
  );

const devicePart = z.strictObject(
  {
    id: id('Id of the part; the ids of its alarms begin with it.'),
    name: localText('What people read before each of its messages. Left out: the id.', 80).optional(),
    class: className,
    as: classAs.optional(),
  },
  { error: 'a part: {id: pump1, class: pump, as: {run: pump1-on}}' },
);

const classPoint = z.strictObject(
  {
    id: id('Id of the point; a device has one of the same id, or names another one under as.'),
    unit: text('The unit that the rules of the class are written in.', 20).optional(),
    states: listOf(text('A state', 40), 'The states that the rules ask for.').optional(),
    default: z
      .union([z.number(), z.string()], { error: 'a number with its unit' })
      .describe('What holds where neither the device nor the site file says otherwise.')
      .optional(),
    note: text('What it is.', 400).optional(),
    source: text('Where the number comes from.', 400).optional(),
  },
  { error: 'a point of a class: {id: …, unit: …}' },
);

/** The rules in it are looked at where they are used: their references have a meaning only there. */
const ruleSet = z.strictObject(
  {
    name: localText('What the equipment is.', 80),
    source: listOf(text('A document, or "engineering default"', 400), 'Where the numbers come from.'),
    points: listOf(classPoint, 'What the rules look at.'),
    settings: listOf(classPoint, 'Numbers that a site may, or has to, set.').optional(),
    computed: listOf(z.looseObject({ id: id('Its id.') }), 'Points that are worked out from others.').optional(),
    suppressions: listOf(z.looseObject({ id: id('Its id.') }), 'Reasons why alarms do not count.').optional(),
    alarms: listOf(
      z.looseObject({
        id: id('Its id.'),
        message: localText('What the duty engineer reads first.'),
        priority,
        source: text('Where its numbers come from.', 400),
        unless: idShape('the id of a rule before it')
          .describe('Id of a better rule: where that one is in force, this one is not needed.')
          .optional(),
      }),
      'The rules.',
    ),
  },
  { error: 'a mapping with name, source, points and alarms' },
);

const macText = 'the address in hex, such as "0c" or "0a000005bac0" (in quotes)';
const routed = z.strictObject(
  {
    number: whole(1, 65_534, 'Number of the network behind the router.'),
    mac: z
      .string({ error: macText })
      .regex(/^([0-9a-f]{2}){1,7}$/i, { error: macText })
      .describe('Address of the device in that network, in hex: "0c" is MS/TP address 12.'),
  },
  { error: 'a mapping: {number: 2001, mac: "0c"}' },
);
const socketAddress =
  'an IPv4 address, with a port where it is another than that of the bus: 192.168.10.20:47809; or leave it out, and the gateway looks for the device by its instance';

function isSocketAddress(written: string): boolean {
  const [address = '', port = '1'] = written.split(':');
  return address.split('.').every(part => Number(part) <= 255) && Number(port) >= 1 && Number(port) <= 65_535;
}

const device = z.strictObject(
  {
    id: id('Id of the device. It goes into topics and alarms, so keep it.'),
    name: localText('What people read. Left out: the id.', 80).optional(),
    bus: idShape('the id of a bus').describe('Id of its bus.'),
    'unit-id': whole(0, 255, 'Modbus unit id, also called slave address. Left out: 1.').optional(),
    profile: idShape('the name of a profile')
      .describe('Name of a profile: profiles/NAME.yaml beside the site file, or one that comes with plantroom.')
      .optional(),
    only: listOf(
      idShape('the id of a point of the profile'),
      'Which points of the profile are read. Left out: all. Alarms of the profile on points left out are left out too.',
    ).optional(),
    interval: interval('How often its points are read. Left out: 1s.').optional(),
    communication: communication.optional(),
    group: group
      .describe('First-out group of all its alarms, that of its communication included. Left out: none.')
      .optional(),
    timeout: deviceTimeout.optional(),
    'max-registers': maxRegisters.optional(),
    'max-gap': maxGap.optional(),
    barriers: barriers.optional(),
    instance: whole(0, mostBacnetInstance, 'BACnet: instance of its Device object, unique in the network.').optional(),
    address: z
      .string({ error: socketAddress })
      .regex(/^(\d{1,3}(\.(?!:|$)|(?=:|$))){4}(:\d{1,5})?$/, { error: socketAddress })
      .refine(isSocketAddress, { error: socketAddress })
      .describe(
        'BACnet: where the device, or the router before it, listens: ADDRESS or ADDRESS:PORT. Left out: the gateway looks for it.',
      )
      .optional(),
    network: routed
      .describe(
        'BACnet: behind the router at address: its network and its address there. Left out: no router, or looked for.',
      )
      .optional(),
    'object-offset': whole(
      0,
      mostBacnetInstance,
      'BACnet: added to the object numbers of the profile, for the second and third equipment of one device. Left out: 0.',
    ).optional(),
    cov: yesOrNo(
      'BACnet: whether the device is asked to tell changes of its present values by itself. Left out: no.',
    ).optional(),
    points: listOf(
      z.union([modbusPoint, bacnetPoint]),
      'Points of its own, or changes to those of the profile.',
    ).optional(),
    class: className.optional(),
    as: classAs.optional(),
    parts: listOf(devicePart, 'Parts of it that are equipment of a class of their own: the pumps of a set.').optional(),
  },
  { error: 'a device: {id: …, bus: …, profile: …}' },
);

const credentialName = 'the name of a systemd credential: letters, digits, _, . and -';

const secret = z
  .strictObject(
    {
      file: text('Path of a file that holds nothing but the secret; relative to the site file.', 400).optional(),
      env: z
        .string({ error: 'the name of an environment variable' })
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'the name of an environment variable' })
        .describe('Name of an environment variable.')
        .optional(),
      credential: z
        .string({ error: credentialName })
        .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, { error: credentialName })
        .describe('Name of a credential that systemd hands to the service (LoadCredential=).')
        .optional(),
    },
    { error: 'where the secret is kept: {file: PATH}, {env: NAME} or {credential: NAME}' },
  )
  .describe('Where the password is kept. It is never written into the site file.');

const tls = z.strictObject(
  {
    ca: text('PEM file with the certificates to trust. Left out: those of the system.', 400).optional(),
    cert: text('PEM file with our own certificate, where the broker asks for one.', 400).optional(),
    key: text('PEM file with the key of our certificate.', 400).optional(),
  },
  { error: 'a mapping: {ca: PATH, cert: PATH, key: PATH}' },
);

const topicPrefix = 'one or more of a–z, A–Z, 0–9, _ and -, in levels parted by /';

const brokerUrl = 'mqtt://HOST:PORT or mqtts://HOST:PORT, or a list of up to 8 of them';
const brokerAddress = z.string({ error: brokerUrl });
const bitRate = 'a rate from 1 kbit/s to 1000 Mbit/s, such as 32 kbit/s or 2 Mbit/s';

const hostId = 'a host id: 1 to 100 characters, without +, # and /';

const sparkplug = z.strictObject(
  {
    'group-id': idShape(`a group id: ${idText}`).describe('Group id of the topics. Left out: plantroom.').optional(),
    'primary-host': z
      .string({ error: hostId })
      .regex(/^[^+#/]{1,100}$/, { error: hostId })
      .describe('Id of the host whose STATE is waited for before anything is sent.')
      .optional(),
  },
  { error: 'a mapping: {group-id: …, primary-host: …}' },
);

const uplink = z.strictObject(
  {
    id: id('Id of the uplink: what waits for it is kept under this name. Left out: platform.').optional(),
    url: z
      .union([brokerAddress, z.array(brokerAddress).min(1, { error: brokerUrl }).max(8, { error: brokerUrl })], {
        error: brokerUrl,
      })
      .describe(
        'The broker: mqtts://HOST:PORT with TLS, mqtt://HOST:PORT without. Of a list the first that can be reached is used.',
      ),
    format: choice(
      uplinkFormats,
      'What the messages look like: native (docs/mqtt.md) or sparkplug-b (Sparkplug B 3.0). Left out: native.',
    ).optional(),
    sparkplug: sparkplug.describe('For the format sparkplug-b.').optional(),
    confirm: choice(
      ['broker', 'platform'],
      'Who says that an alarm has arrived: the broker, or the platform by a message of its own (docs/mqtt.md). Left out: broker.',
    ).optional(),
    summaries: choice([...summarySpans, 'off'], 'Which summaries are sent. Left out: 1min.').optional(),
    'backlog-rate': z
      .string({ error: bitRate })
      .regex(/^([1-9]\d{0,5} kbit\/s|([1-9]\d{0,2}|1000) Mbit\/s)$/, { error: bitRate })
      .describe(
        'How fast summaries kept during an outage are sent, so that they do not fill a thin line. Left out: 2 Mbit/s.',
      )
      .optional(),
    commands: listOf(
      choice(remoteCommands, 'A command'),
      'Commands that are taken from the platform over this uplink. Left out: none.',
    ).optional(),
    'client-id': text('MQTT client id, unique at the broker. Left out: plantroom-ID of the gateway.', 100).optional(),
    username: text('Name to log in with.').optional(),
    password: secret.optional(),
    'topic-prefix': z
      .string({ error: topicPrefix })
      .regex(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, { error: topicPrefix })
      .max(100, { error: 'at most 100 characters' })
      .describe('First level of every topic. Left out: plantroom.')
      .optional(),
    keepalive: duration(
      '5s',
      '1h',
      'How often an idle connection is proved alive; a dead one is found after one and a half of it. Left out: 12s.',
    ).optional(),
    tls: tls.describe('Certificates for mqtts://.').optional(),
  },
  { error: 'a mapping: {url: mqtts://HOST:PORT}' },
);

const size = 'a size from 64MB to 1000GB, such as 500MB or 2GB';

const store = z.strictObject(
  {
    size: z
      .string({ error: size })
      .regex(/^(6[4-9]|[7-9]\d|[1-9]\d{2,5})MB$|^([1-9]\d{0,2}|1000)GB$/, { error: size })
      .describe('What all files of the store together may take of the disk. Left out: 2GB.')
      .optional(),
  },
  { error: 'a mapping: {size: 2GB}' },
);

const bcmPin = z.strictObject(
  { bcm: whole(0, 27, 'Pin of a Raspberry Pi by its BCM number: 17 is the eleventh pin of the header.') },
  { error: 'a pin of a Raspberry Pi: {bcm: 17}' },
);
const chipPin = z.strictObject(
  {
    chip: text('Label of the GPIO chip, as /sys/class/gpio/gpiochip*/label tells it.', 80),
    line: whole(0, 1_023, 'Line of this chip, counted from 0.'),
  },
  { error: 'a line of a GPIO chip: {chip: LABEL, line: 3}' },
);

const outputRule = z.strictObject(
  {
    priorities: z
      .array(choice(priorities, 'A priority'), { error: listText })
      .min(1, { error: 'at least one priority' })
      .describe('The priorities that it is for.'),
    while: choice(
      callReasons,
      'unacknowledged: until somebody has acknowledged; active: as long as the condition stands; overdue: when a deadline has passed. Left out: unacknowledged.',
    ).optional(),
    pattern: choice(outputPatterns, 'steady, slow (0.5 Hz) or fast (2 Hz). Left out: steady.').optional(),
  },
  { error: 'a rule: {priorities: [urgent], while: unacknowledged, pattern: fast}' },
);

const ruleList = 'a list of at least one rule: [{priorities: [urgent]}]';

const output = z.strictObject(
  {
    id: id('Id of the output.'),
    name: text('What people read. Left out: the id.', 80).optional(),
    kind: choice(
      outputKinds,
      'A siren can be silenced and falls silent by itself; a beacon is on as long as its rule says.',
    ),
    pin: z
      .union([bcmPin, chipPin], { error: 'a pin: {bcm: 17}, or {chip: LABEL, line: 3}' })
      .describe('The pin of the board that switches it.'),
    active: choice(['high', 'low'], 'The level of the pin that switches it on. Left out: high.').optional(),
    'when-stopped': choice(
      ['off', 'on'],
      'What it does while the gateway is stopped, and at the start until it knows what stands. Left out: off.',
    ).optional(),
    longest: duration('10s', '1h', 'How long a siren sounds for one alarm. Left out: 10m.').optional(),
    on: z
      .array(outputRule, { error: ruleList })
      .min(1, { error: ruleList })
      .describe('When it is on. The first rule that fits an alarm decides.'),
  },
  { error: 'an output: {id: siren, kind: siren, pin: {bcm: 17}, on: [{priorities: [urgent]}]}' },
);

const gateway = z.strictObject(
  {
    id: id('Id of this gateway. It goes into every topic.'),
    name: localText('What people read. Left out: the id.', 80).optional(),
    language: choice(
      languages,
      'Of the messages and names that people read, where there are texts in several languages. Left out: en.',
    ).optional(),
    'time-zone': text(
      'Whose clock is on the wall, for schedules: Asia/Shanghai. Left out: that of this machine.',
      60,
    ).optional(),
  },
  { error: 'a mapping: {id: …, name: …}' },
);

const deadline = (least: string, what: string) =>
  z
    .union([z.literal('off'), duration(least, '30d', 'The time')], {
      error: `off, or a duration from ${least} to 30d, such as 15m or 8h`,
    })
    .describe(what)
    .optional();

const policy = z.strictObject(
  {
    acknowledge: deadline('1s', 'Within which an alarm has to be acknowledged; off: no such deadline.'),
    arrive: deadline('1s', 'Within which somebody has to be there; off: no such deadline.'),
    restore: deadline('1s', 'Within which it has to be over or reported as restored; off: no such deadline.'),
    shelve: yesOrNo(
      'Whether alarms of this priority may be shelved. Left out: no for urgent, yes for others.',
    ).optional(),
    'acknowledge-by': choice(
      ['person', 'auto'],
      'Who acknowledges: a person, or the gateway as soon as it is raised. Left out: auto for low, person for others.',
    ).optional(),
  },
  { error: 'a mapping: {acknowledge: 3m, arrive: 15m, restore: 1h, shelve: no, acknowledge-by: person}' },
);

const policies = z.strictObject(
  {
    urgent: policy.describe('Left out: acknowledge 3m, arrive 15m, restore 1h, and no shelving.').optional(),
    high: policy.describe('Left out: acknowledge 15m, arrive 1h, restore 8h.').optional(),
    medium: policy.describe('Left out: no deadlines.').optional(),
    low: policy.describe('Left out: no deadlines, and acknowledged by the gateway.').optional(),
  },
  { error: 'a mapping: {urgent: {acknowledge: 3m, arrive: 15m}}' },
);

const firstOutGroup = z.strictObject(
  {
    id: id('Id of the group; devices and alarms name it as their group.'),
    window: duration(
      '0s',
      '10m',
      'An alarm of the group that comes within this time after the first one is secondary to it. Left out: 3s.',
    ).optional(),
  },
  { error: 'a group: {id: supply, window: 3s}' },
);

const site = z.strictObject(
  {
    gateway: gateway.describe('Who we are.'),
    uplink: uplink.describe('The way to the platform. Left out: alarms and values stay on this machine.').optional(),
    uplinks: listOf(uplink, 'Several ways at once, each with an id of its own, in place of uplink.').optional(),
    store: store.describe('What is kept on this machine.').optional(),
    buses: listOf(bus, 'The wires and sockets; one request at a time goes over each.'),
    devices: listOf(device, 'What is read.'),
    alarms: listOf(z.union([siteAlarm, siteExpressionAlarm, alarmChange]), 'What needs a person.').optional(),
    computed: listOf(siteComputed, 'Points that are worked out from others.').optional(),
    suppressions: listOf(suppression, 'Reasons by design of the plant why alarms do not count for a while.').optional(),
    priorities: policies.describe('What people owe alarms of each priority, and may do with them.').optional(),
    groups: listOf(
      firstOutGroup,
      'Alarms with a common cause: the first one calls people, the others follow it.',
    ).optional(),
    outputs: listOf(output, 'Beacons and sirens on pins of this machine.').optional(),
  },
  { error: 'a mapping with gateway, buses and devices' },
);

const profileBasics = {
  vendor: text('Who makes the device.'),
  model: text('Which models it fits.'),
  'device-class': text('What it is: booster-set, power-meter, lift …', 40).optional(),
  source: listOf(text('A document or program', 400), 'Where the facts come from.'),
  trust: text('How well the facts are founded.'),
  'serial-default': text('Baud rate, parity and address it leaves the factory with.').optional(),
  addressing: text('How the numbers of the manual become addresses.', 400).optional(),
  'read-limits': text('What is known of the reads it takes.', 400).optional(),
  caution: text('What to know before it is connected.', 800).optional(),
  alarms: listOf(
    z.union([profileAlarm, profileExpressionAlarm]),
    'Alarms that every device of this profile gets.',
  ).optional(),
  computed: listOf(profileComputed, 'Points that are worked out from others of the device.').optional(),
};

const modbusProfile = z.strictObject({
  ...profileBasics,
  protocol: choice(['modbus'], 'What the device speaks.'),
  'word-order': wordOrder.optional(),
  'byte-order': byteOrder.optional(),
  timeout: deviceTimeout.optional(),
  'max-registers': maxRegisters.optional(),
  'max-gap': maxGap.optional(),
  barriers: barriers.optional(),
  invalid: z
    .partialRecord(
      choice(['u16', 's16', 'u32', 's32', 'u64', 's64', 'f32', 'f64'], 'A type'),
      rawNumbers('Raw numbers'),
      {
        error: 'a mapping of types to raw numbers: {u16: [0xFFFF]}',
      },
    )
    .describe(
      'Raw numbers by which the device says that it has no value, for all its points of a type: {u16: [0xFFFF]}.',
    )
    .optional(),
  as: classAs.optional(),
  points: listOf(modbusPoint, 'Its points.'),
});

const bacnetProfile = z.strictObject({
  ...profileBasics,
  protocol: choice(['bacnet'], 'What the device speaks.'),
  timeout: deviceTimeout.optional(),
  as: classAs.optional(),
  points: listOf(bacnetPoint, 'Its points; the numbers of their objects are moved by object-offset of the device.'),
});

const selfProfile = z.strictObject({
  ...profileBasics,
  protocol: choice(['self'], 'The gateway itself.'),
  points: listOf(selfPoint, 'What is measured.'),
});

const eventDevice = idShape('the id of a device');
const eventBus = idShape('the id of a bus');

const scenarioEvent = z.strictObject(
  {
    at: duration('0s', '7d', 'When it happens, from the start of the scenario.'),
    device: eventDevice.describe('The device that gets the fault.').optional(),
    fault: text('The fault: one that `plantroom sim faults` lists.', 40).optional(),
    clear: eventDevice.describe('The device whose faults end.').optional(),
    unplug: eventBus.describe('The bus whose plug is pulled out.').optional(),
    plug: eventBus.describe('The bus whose plug is put in again.').optional(),
    for: duration('100ms', '7d', 'How long it lasts. Left out: until something else ends it.').optional(),
    every: duration('100ms', '7d', 'It happens again and again after this time. Left out: once.').optional(),
  },
  { error: 'an event: {at: 10s, device: booster, fault: silent, for: 20s}' },
);

const scenario = z.strictObject(
  { events: listOf(scenarioEvent, 'What happens to the simulated plant.') },
  { error: 'a mapping with events' },
);

/** A list whose items are checked one by one, each with a shape of its own: one wrong item must not hide the others. */
const items = z.array(z.unknown(), { error: listText });
const part = z.unknown().refine(value => value !== undefined, { error: 'a mapping' });

/** The shapes by the name of what they describe. */
const shapes = {
  site: site.extend({
    gateway: part,
    uplink: z.unknown().optional(),
    uplinks: items.optional(),
    store: z.unknown().optional(),
    buses: items,
    devices: items,
    alarms: items.optional(),
    computed: items.optional(),
    suppressions: items.optional(),
    priorities: z.unknown().optional(),
    groups: items.optional(),
    outputs: items.optional(),
  }),
  gateway,
  policies,
  firstOutGroup,
  output,
  uplink,
  store,
  tcpBus,
  rtuBus,
  rtuOverTcpBus,
  bacnetBus,
  device: device.extend({ points: items.optional() }),
  siteAlarm,
  profileAlarm,
  siteExpressionAlarm,
  profileExpressionAlarm,
  siteComputed,
  profileComputed,
  suppression,
  classPoint,
  ruleSet: ruleSet.extend({
    points: items,
    settings: items.optional(),
    computed: items.optional(),
    suppressions: items.optional(),
    alarms: items,
  }),
  modbusPoint,
  bacnetPoint,
  selfPoint,
  modbusProfile: modbusProfile.extend({ points: items, alarms: items.optional(), computed: items.optional() }),
  bacnetProfile: bacnetProfile.extend({ points: items, alarms: items.optional(), computed: items.optional() }),
  selfProfile: selfProfile.extend({ points: items, alarms: items.optional(), computed: items.optional() }),
  scenario: scenario.extend({ events: items }),
  scenarioEvent,
} as const;

export type ShapeName = keyof typeof shapes;
export type Raw<Name extends ShapeName> = z.infer<(typeof shapes)[Name]>;
export type RawAlarm = Raw<'siteAlarm'>;
type RawBacnetPoint = Raw<'bacnetPoint'>;
/** A point of any protocol; which keys have a meaning together is a matter of the checks. */
export type RawPoint = Omit<Raw<'modbusPoint'>, 'type'> &
  Partial<Pick<Raw<'selfPoint'>, 'measure'>> &
  Omit<RawBacnetPoint, 'type' | 'id'> & { type?: Raw<'modbusPoint'>['type'] | RawBacnetPoint['type'] };

/** One thing that does not fit a shape. */
export interface Misfit {
  readonly path: readonly (string | number)[];
  readonly kind: 'unknown-key' | 'wrong-key' | 'wrong-value';
  /** Of an unknown key: the keys that are known there. Of a wrong value: empty. */
  readonly known: readonly string[];
  /** What belongs there, as a noun phrase. */
  readonly expected: string;
}

/** A plain value as a shape's type, or what does not fit. */
export function fitShape<Name extends ShapeName>(
  name: Name,
  value: unknown,
): { kind: 'fits'; value: Raw<Name> } | { kind: 'misfits'; misfits: readonly Misfit[] } {
  const schema: z.ZodType = shapes[name];
  const result = schema.safeParse(value);
  if (result.success) return { kind: 'fits', value: result.data as Raw<Name> };
  return { kind: 'misfits', misfits: result.error.issues.flatMap(issue => toMisfits(schema, issue, [])) };
}

function toMisfits(root: z.ZodType, issue: z.core.$ZodIssue, prefix: readonly PropertyKey[]): Misfit[] {
  const path = [...prefix, ...issue.path].map(step => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(root, path);
    return issue.keys.map(key => ({ path: [...path, key], kind: 'unknown-key', known, expected: '' }));
  }
  if (issue.code === 'invalid_key')
    return [
      { path, kind: 'wrong-key', known: [], expected: 'whole numbers with their texts: {0: stopped, 1: running}' },
    ];
  if (issue.code === 'invalid_union') {
    // The branch that complains of something inside is the one that was meant; of several, that with the least to say.
    const [meant] = issue.errors
      .filter(branch => branch.every(inner => inner.path.length > 0 || inner.code === 'unrecognized_keys'))
      .sort((one, other) => one.length - other.length);
    if (meant) return meant.flatMap(inner => toMisfits(root, inner, path));
  }
  return [{ path, kind: 'wrong-value', known: [], expected: issue.message }];
}

/** The keys of the mapping that a path leads to. */
function knownKeys(root: z.ZodType, path: readonly (string | number)[]): string[] {
  let schemas: z.ZodType[] = unwrap(root);
  for (const step of path) {
    schemas = schemas.flatMap(schema => {
      if (schema instanceof z.ZodObject) return unwrap(schema.shape[step]);
      return [];
    });
  }
  return schemas.flatMap(schema => {
    if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
    return schema instanceof z.ZodRecord && schema.keyType instanceof z.ZodEnum
      ? schema.keyType.options.map(String)
      : [];
  });
}

function unwrap(schema: z.ZodType | undefined): z.ZodType[] {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(option => unwrap(option as z.ZodType));
  return schema ? [schema] : [];
}

const languageNames = { en: 'In English.', zh: 'In Chinese.' } as const;

/** For editors: what is chosen by its language when the file is read may be written in several. */
function jsonSchemaOf(schema: z.ZodType): object {
  return z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.isLocal !== true) return;
      const { isLocal: _isLocal, description, ...one } = jsonSchema;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      const each = Object.fromEntries(
        languages.map(language => [language, { ...one, description: languageNames[language] }]),
      );
      const several = { type: 'object' as const, properties: each, additionalProperties: false, minProperties: 1 };
      Object.assign(jsonSchema, { description, anyOf: [one, several] });
    },
  });
}

/** The JSON Schema that editors read for `config/site.schema.json`. */
export function siteJsonSchema(): object {
  return { title: 'A plantroom site file', ...jsonSchemaOf(site) };
}

/** The same for `config/profile.schema.json`. */
export function profileJsonSchema(): object {
  const profile = z.union([modbusProfile, bacnetProfile, selfProfile]);
  return { title: 'A plantroom profile', ...jsonSchemaOf(profile) };
}

/** The same for `config/scenario.schema.json`. */
export function scenarioJsonSchema(): object {
  return {
    title: 'A scenario for the simulated plant',
    ...jsonSchemaOf(scenario),
  };
}

/** The same for `config/class.schema.json`. */
export function classJsonSchema(): object {
  return { title: 'The rules of an equipment class', ...jsonSchemaOf(ruleSet) };
}
