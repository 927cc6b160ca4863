import { z } from 'zod';
import { parseDuration } from '../base/duration.ts';
import { priorities } from '../model/alarm.ts';
import { modbusProtocols } from '../model/bus.ts';
import { remoteCommands } from '../model/command.ts';
import { modbusTables, modbusTypes, selfMeasures } from '../model/point.ts';
import { parities } from '../model/serial-line.ts';
import { uplinkFormats } from '../model/site.ts';
import { summarySpans } from '../model/summary.ts';

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
    .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, { error })
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
  name: text('What people read. Left out: the id.', 80).optional(),
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

/** What becomes of an alarm once it was raised (docs/alarms.md). */
const alarmLifeShape = {
  latching: choice(['yes', 'no'], 'Once raised it stays until a person resets it. Left out: no.').optional(),
  acknowledge: choice(
    ['person', 'auto'],
    'Who acknowledges it: a person, or nobody has to. Left out: auto for priority low, otherwise person.',
  ).optional(),
};

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
      deadband: quantity(
        'How far the value must come back past the limit before the alarm returns. Left out: 0.',
      ).optional(),
      'on-delay': duration('0s', '1d', 'How long the condition must last to raise the alarm. Left out: 0s.').optional(),
      'off-delay': duration('0s', '1d', 'How long it must be gone for the alarm to return. Left out: 0s.').optional(),
      priority: priority.optional(),
      message: text('What the duty engineer reads first. Left out: point and limit in words.').optional(),
      ...alarmLifeShape,
    },
    { error: 'an alarm: {id: …, point: …, high: …}' },
  );

const pointReference = 'a device and a point: booster/outlet-pressure';
const siteAlarm = alarmShape(
  'The point as DEVICE/POINT.',
  z.string({ error: pointReference }).regex(/^[^/]+\/[^/]+$/, { error: pointReference }),
);
const profileAlarm = alarmShape('Id of a point of this profile.', idShape(`the id of a point: ${idText}`));

const host = z
  .string({ error: 'a host name or an IP address' })
  .regex(/^[A-Za-z0-9._:-]{1,253}$/, { error: 'a host name or an IP address' });

const protocol = choice(modbusProtocols, 'What is spoken on it.');

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

/** For the editors: each kind of bus says which protocol it is. */
const bus = z.discriminatedUnion('protocol', [
  tcpBus.extend({ protocol: z.literal('modbus-tcp') }),
  rtuBus.extend({ protocol: z.literal('modbus-rtu') }),
  rtuOverTcpBus.extend({ protocol: z.literal('modbus-rtu-over-tcp') }),
]);

const communication = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        priority: priority.optional(),
        'on-delay': duration('0s', '1d', 'How long the device must be silent. Left out: 10s.').optional(),
        acknowledge: alarmLifeShape.acknowledge,
      }),
    ],
    { error: 'off, or a mapping: {priority: high, on-delay: 10s}' },
  )
  .describe('The alarm that comes when the device is not heard. Left out: high after 10s; `off` for none.');

const device = z.strictObject(
  {
    id: id('Id of the device. It goes into topics and alarms, so keep it.'),
    name: text('What people read. Left out: the id.', 80).optional(),
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
    timeout: deviceTimeout.optional(),
    'max-registers': maxRegisters.optional(),
    'max-gap': maxGap.optional(),
    barriers: barriers.optional(),
    points: listOf(modbusPoint, 'Points of its own, or changes to those of the profile.').optional(),
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

const gateway = z.strictObject(
  {
    id: id('Id of this gateway. It goes into every topic.'),
    name: text('What people read. Left out: the id.', 80).optional(),
  },
  { error: 'a mapping: {id: …, name: …}' },
);

const site = z.strictObject(
  {
    gateway: gateway.describe('Who we are.'),
    uplink: uplink.describe('The way to the platform. Left out: alarms and values stay on this machine.').optional(),
    uplinks: listOf(uplink, 'Several ways at once, each with an id of its own, in place of uplink.').optional(),
    store: store.describe('What is kept on this machine.').optional(),
    buses: listOf(bus, 'The wires and sockets; one request at a time goes over each.'),
    devices: listOf(device, 'What is read.'),
    alarms: listOf(siteAlarm, 'What needs a person.').optional(),
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
  alarms: listOf(profileAlarm, 'Alarms that every device of this profile gets.').optional(),
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
  points: listOf(modbusPoint, 'Its points.'),
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
  }),
  gateway,
  uplink,
  store,
  tcpBus,
  rtuBus,
  rtuOverTcpBus,
  device: device.extend({ points: items.optional() }),
  siteAlarm,
  profileAlarm,
  modbusPoint,
  selfPoint,
  modbusProfile: modbusProfile.extend({ points: items, alarms: items.optional() }),
  selfProfile: selfProfile.extend({ points: items, alarms: items.optional() }),
  scenario: scenario.extend({ events: items }),
  scenarioEvent,
} as const;

export type ShapeName = keyof typeof shapes;
export type Raw<Name extends ShapeName> = z.infer<(typeof shapes)[Name]>;
export type RawAlarm = Raw<'siteAlarm'>;
export type RawPoint = Raw<'modbusPoint'> & Partial<Pick<Raw<'selfPoint'>, 'measure'>>;

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
    // The branch that complains of something inside is the one that was meant.
    const meant = issue.errors.find(branch =>
      branch.every(inner => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
    );
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

/** The JSON Schema that editors read for `config/site.schema.json`. */
export function siteJsonSchema(): object {
  return { title: 'A plantroom site file', ...z.toJSONSchema(site, { target: 'draft-7', io: 'input' }) };
}

/** The same for `config/profile.schema.json`. */
export function profileJsonSchema(): object {
  const profile = z.union([modbusProfile, selfProfile]);
  return { title: 'A plantroom profile', ...z.toJSONSchema(profile, { target: 'draft-7', io: 'input' }) };
}

/** The same for `config/scenario.schema.json`. */
export function scenarioJsonSchema(): object {
  return {
    title: 'A scenario for the simulated plant',
    ...z.toJSONSchema(scenario, { target: 'draft-7', io: 'input' }),
  };
}
