import { describe, expect, test } from 'vitest';
import type { Summary } from '../../../src/model/summary.ts';
import { dataTypes } from '../../../src/uplink/sparkplug/payload.ts';
import { summaryRecord } from '../samples.ts';
import { aliasesOf, metricsOf, read, SparkplugRig, whatOf } from './rig.ts';
import { without } from './test-plant.ts';

const allBorn = ['NBIRTH', 'DBIRTH pump', 'DBIRTH meter', 'DBIRTH lift', 'DBIRTH self'];

function pumpRecord(windowEnd: number, changes: Partial<Summary> = {}) {
  const record = summaryRecord(1, 1);
  const [point] = record.points;
  if (!point) throw new Error('no point');
  const pressure = { ...point, point: 'pump/pressure', unit: 'bar', min: 2.5, max: 3.5, mean: 3, last: 2.9 };
  return { ...record, device: 'pump', windowEnd, points: [{ ...pressure, ...changes }] };
}

describe('birth', () => {
  test('the node is born first with 0, then every device, and all of it by QoS 0 and not retained', () => {
    const said = new SparkplugRig().birth();
    expect(whatOf(said)).toEqual(allBorn);
    expect(said.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
    expect(said.every(({ message }) => message.qos === 0 && !message.isRetained)).toBe(true);
    expect(said[1]?.topic).toBe('spBv1.0/towers/DBIRTH/pump-room-1/pump');
  });

  test('the will and the birth carry the same bdSeq, and the next connection the next one', () => {
    const rig = new SparkplugRig();
    const numbers = [1, 2].map(() => {
      rig.reconnect();
      const will = read(rig.session.will);
      const birth = metricsOf(rig.birth(), 'NBIRTH');
      expect(will.what).toBe('NDEATH');
      expect(will.message).toMatchObject({ qos: 1, isRetained: false });
      expect(will.seq).toBeUndefined();
      expect(will.metrics).toHaveLength(1);
      expect(will.metrics[0]).toMatchObject({ name: 'bdSeq', datatype: dataTypes.int64, field: 'long_value' });
      expect(birth.bdSeq).toMatchObject({ datatype: dataTypes.int64, value: will.metrics[0]?.value });
      return Number(will.metrics[0]?.value);
    });
    expect(numbers[1]).toBe(((numbers[0] ?? 0) + 1) % 256);
  });

  test('bdSeq goes from 255 to 0, and begins where the lot falls', () => {
    const rig = new SparkplugRig({}, { next: () => 0.99 });
    const numbers = Array.from({ length: 4 }, () => {
      const number = Number(metricsOf([read(rig.session.will)], 'NDEATH').bdSeq?.value);
      rig.reconnect();
      return number;
    });
    expect(numbers).toEqual([254, 255, 0, 1]);
  });

  test('a point is named by its id and told with unit, name, texts and type', () => {
    const rig = new SparkplugRig();
    const sampledAt = rig.clock.wallMs() - 400;
    rig.plant.set('pump/pressure', { value: 4.2, sampledAt: sampledAt + 0.7 });
    rig.plant.set('pump/running', { value: 1, sampledAt });
    rig.plant.set('pump/serial-number', { text: '泵-01', sampledAt });
    const pump = metricsOf(rig.birth(), 'DBIRTH pump');
    expect(pump.pressure).toMatchObject({ datatype: dataTypes.double, value: 4.2, timestamp: sampledAt });
    expect(pump.pressure?.properties).toEqual({ engUnit: 'bar', documentation: '出口压力' });
    expect(pump.running).toMatchObject({ datatype: dataTypes.boolean, field: 'boolean_value', value: true });
    expect(pump['serial-number']).toMatchObject({ datatype: dataTypes.string, value: '泵-01' });
    expect(pump.mode?.properties.states).toBe('{"0":"停止","1":"手动","2":"自动"}');
    expect(Object.keys(pump).filter(name => name.startsWith('Statistics/pressure'))).toEqual([
      'Statistics/pressure/min',
      'Statistics/pressure/max',
      'Statistics/pressure/mean',
    ]);
  });

  test('of a counter its rise is told', () => {
    expect(Object.keys(metricsOf(new SparkplugRig().birth(), 'DBIRTH meter'))).toEqual([
      'energy',
      'Statistics/energy/delta',
    ]);
  });

  test('a value that is bad says so: never read is stale and null, lost keeps the last good one', () => {
    const rig = new SparkplugRig();
    rig.plant.set('pump/pressure', { value: 4.2, quality: 'timeout', sampledAt: rig.clock.wallMs() });
    const said = rig.birth();
    expect(metricsOf(said, 'DBIRTH pump').pressure).toMatchObject({ value: 4.2, isNull: false });
    expect(metricsOf(said, 'DBIRTH pump').pressure?.properties.Quality).toBe(0);
    expect(metricsOf(said, 'DBIRTH lift').speed).toMatchObject({ isNull: true });
    expect(metricsOf(said, 'DBIRTH lift').speed?.properties.Quality).toBe(500);
    expect(metricsOf(said, 'DBIRTH lift').speed?.propertyTypes.Quality).toBe(dataTypes.int32);
  });

  test('every metric has a name, a time, a type and an alias that no other has', () => {
    const metrics = new SparkplugRig().birth().flatMap(({ metrics }) => metrics);
    for (const metric of metrics) {
      expect(metric).toMatchObject({ timestamp: expect.any(Number), datatype: expect.any(Number) });
      expect(metric.name).toBeTruthy();
    }
    const aliases = metrics.map(({ alias }) => alias);
    expect(aliases).not.toContain(undefined);
    expect(new Set(aliases).size).toBe(metrics.length);
  });

  test('no name is a metric and a folder at once', () => {
    for (const { metrics } of new SparkplugRig().birth()) {
      const names = metrics.map(({ name }) => name ?? '');
      expect(names.filter(name => names.some(other => other.startsWith(`${name}/`)))).toEqual([]);
    }
  });

  test('the alarms that stand are true from the first, the others false', () => {
    const rig = new SparkplugRig();
    expect(metricsOf(rig.birth(), 'DBIRTH pump')['Alarms/pressure-low']).toMatchObject({
      datatype: dataTypes.boolean,
      value: false,
    });
    const event = rig.plant.record({});
    rig.reconnect();
    const metric = metricsOf(rig.birth(), 'DBIRTH pump')['Alarms/pressure-low'];
    expect(metric).toMatchObject({ value: true, timestamp: event.sampledAt });
    expect(metric?.properties).toMatchObject({ priority: 'high', occurrence: event.occurrence });
  });

  test('without summaries no points are promised, since their values would never be told again', () => {
    const pump = metricsOf(new SparkplugRig({ summaries: undefined }).birth(), 'DBIRTH pump');
    expect(Object.keys(pump)).toEqual(['Alarms/pressure-low']);
  });

  test('what a host may write is offered only where the site file allows it', () => {
    const controls = (rig: SparkplugRig) =>
      Object.keys(metricsOf(rig.birth(), 'NBIRTH')).filter(name => name.startsWith('Node Control/'));
    expect(controls(new SparkplugRig())).toEqual(['Node Control/Rebirth']);
    expect(controls(new SparkplugRig({ confirm: 'platform', commands: ['refresh'] }))).toEqual([
      'Node Control/Rebirth',
      'Node Control/Confirm',
      'Node Control/Command',
      'Node Control/Reply',
    ]);
  });
});

describe('alarms', () => {
  test('an event is the metric of its rule, live, with all that is needed to know it again', () => {
    const rig = new SparkplugRig();
    const names = aliasesOf(rig.birth());
    const event = rig.plant.record({ value: 2.9, limit: 3, unit: 'bar', message: '出口压力低' });
    const said = rig.alarm(event);
    expect(whatOf(said)).toEqual(['DDATA pump']);
    const [metric] = said[0]?.metrics ?? [];
    expect(metric?.name).toBeUndefined();
    expect(names.get(metric?.alias ?? 0)).toBe('pump: Alarms/pressure-low');
    expect(metric).toMatchObject({ value: true, isHistorical: false, timestamp: event.sampledAt });
    expect(metric?.properties).toEqual({
      eventId: event.id,
      eventNumber: event.number,
      kind: 'raised',
      phase: 'unacknowledged',
      occurrence: event.occurrence,
      priority: 'high',
      message: '出口压力低',
      point: 'pump/pressure',
      value: 2.9,
      limit: 3,
      engUnit: 'bar',
      detectedAt: event.detectedAt,
      clock: 'synchronised',
    });
  });

  test('its value follows the condition while nothing hides it, and what people do tells who and why', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const by = { who: 'Li Wei', from: 'cli' };
    const told = (changes: Parameters<typeof rig.plant.record>[0]) =>
      rig.alarm(rig.plant.record(changes))[0]?.metrics[0];
    expect(told({ kind: 'acknowledged', phase: 'acknowledged', by, reason: 'seen' })).toMatchObject({
      value: true,
      properties: { phase: 'acknowledged', by: 'Li Wei', reason: 'seen' },
    });
    expect(told({ kind: 'shelved', phase: 'shelved', by, until: 7_200_000 })).toMatchObject({
      value: false,
      properties: { phase: 'shelved', until: 7_200_000 },
    });
    expect(told({ kind: 'returned', phase: 'returned' })?.value).toBe(false);
  });

  test('a deadline that has passed is told by name and by how much, and what came first by its id', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const passed = { kind: 'overdue', phase: 'unacknowledged', overdue: 'acknowledge', overdueMs: 12.4 } as const;
    const said = rig.alarm(rig.plant.record({ ...passed, firstOut: 'k3m9x2-7' }));
    expect(said[0]?.metrics[0]).toMatchObject({
      value: true,
      properties: { kind: 'overdue', overdue: 'acknowledge', overdueMs: 12, firstOut: 'k3m9x2-7' },
    });
  });

  test('of the site as a whole are those of the node: no device comes and goes for a flood or a suppression', () => {
    const rig = new SparkplugRig();
    const names = aliasesOf(rig.birth());
    expect([...names.values()]).toContain('Alarms/site/flood');
    const ofSite = { device: 'site', deviceName: 'site', point: undefined, pointName: undefined } as const;
    const flood = {
      ...ofSite,
      alarm: 'site/flood',
      rule: 'flood',
      kind: 'flood-began',
      phase: 'acknowledged',
    } as const;
    const said = rig.alarm(rig.plant.record(flood));
    expect(whatOf(said)).toEqual(['NDATA']);
    expect(names.get(said[0]?.metrics[0]?.alias ?? 0)).toBe('Alarms/site/flood');
    expect(said[0]?.metrics[0]?.value).toBe(true);
  });

  test('what a birth certificate has told already comes as history: a raise that returned does not blink', () => {
    const rig = new SparkplugRig();
    const raised = rig.plant.record({});
    const returned = rig.plant.record({ kind: 'returned' });
    const said = rig.birth();
    expect(metricsOf(said, 'DBIRTH pump')['Alarms/pressure-low']?.value).toBe(false);
    const events = [raised, returned, rig.plant.record({})].flatMap(event => rig.alarm(event));
    expect(events.map(({ metrics }) => [metrics[0]?.value, metrics[0]?.isHistorical])).toEqual([
      [true, true],
      [false, true],
      [true, false],
    ]);
  });

  test('an event that is sent again, because the platform did not confirm it, is history the second time', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const event = rig.plant.record({});
    const first = rig.alarm(event);
    const again = rig.alarm(event);
    expect([first, again].map(said => said[0]?.metrics[0]?.isHistorical)).toEqual([false, true]);
    expect(again[0]?.metrics[0]?.properties.eventId).toBe(first[0]?.metrics[0]?.properties.eventId);
  });

  test('an event written before a rebirth and sent behind it is history, since the birth has told what stands', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const messages = rig.session.alarm(rig.plant.record({}));
    rig.birth();
    expect(rig.say(...messages)[0]?.metrics[0]?.isHistorical).toBe(true);
  });

  test('an alarm whose rule has left the site is listed before its last event is told', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const said = rig.alarm(rig.plant.record({ kind: 'removed', alarm: 'pump/old-rule' }));
    expect(whatOf(said)).toEqual(['DBIRTH pump', 'DDATA pump']);
    expect(aliasesOf(said).get(said[1]?.metrics[0]?.alias ?? 0)).toBe('pump: Alarms/old-rule');
    expect(said[1]?.metrics[0]).toMatchObject({ value: false, isHistorical: true });
  });

  test('the last event of a device that is gone is told between a birth and a death of its own', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const said = rig.alarm(rig.plant.record({ kind: 'removed', device: 'old', alarm: 'old/rule' }));
    expect(whatOf(said)).toEqual(['DBIRTH old', 'DDATA old', 'DDEATH old']);
  });
});

describe('devices that are lost', () => {
  test('the node tells the loss, and the death follows; the birth follows when the device is back', () => {
    const rig = new SparkplugRig();
    const names = aliasesOf(rig.birth());
    const lost = rig.alarm(rig.plant.lose('pump'));
    expect(whatOf(lost)).toEqual(['NDATA', 'DDEATH pump']);
    expect(names.get(lost[0]?.metrics[0]?.alias ?? 0)).toBe('Alarms/pump/communication');
    expect(lost.map(({ seq }) => seq)).toEqual([5, 6]);
    expect(whatOf(rig.alarm(rig.plant.lose('pump', 'returned')))).toEqual(['NDATA', 'DBIRTH pump']);
  });

  test('a bus that is silent takes all its devices with it, and gives them back', () => {
    const rig = new SparkplugRig();
    rig.birth();
    expect(whatOf(rig.alarm(rig.plant.loseBus('line')))).toEqual(['NDATA', 'DDEATH pump', 'DDEATH meter']);
    expect(whatOf(rig.alarm(rig.plant.loseBus('line', 'returned')))).toEqual(['NDATA', 'DBIRTH pump', 'DBIRTH meter']);
  });

  test('a device that is lost by itself stays dead when its bus is heard again', () => {
    const rig = new SparkplugRig();
    rig.birth();
    rig.alarm(rig.plant.lose('pump'));
    expect(whatOf(rig.alarm(rig.plant.loseBus('line')))).toEqual(['NDATA', 'DDEATH meter']);
    expect(whatOf(rig.alarm(rig.plant.loseBus('line', 'returned')))).toEqual(['NDATA', 'DBIRTH meter']);
  });

  test('one that is lost from the beginning is made known and declared dead', () => {
    const rig = new SparkplugRig();
    rig.plant.lose('meter');
    const said = rig.birth();
    expect(whatOf(said)).toEqual([
      'NBIRTH',
      'DBIRTH pump',
      'DBIRTH meter',
      'DDEATH meter',
      'DBIRTH lift',
      'DBIRTH self',
    ]);
    expect(said.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(metricsOf(said, 'NBIRTH')['Alarms/meter/communication']?.value).toBe(true);
  });

  test('a loss that was over before the birth kills nobody', () => {
    const rig = new SparkplugRig();
    const events = [rig.plant.lose('pump'), rig.plant.lose('pump', 'returned')];
    rig.birth();
    const said = events.flatMap(event => rig.alarm(event));
    expect(whatOf(said)).toEqual(['NDATA', 'NDATA']);
    expect(said.every(({ metrics }) => metrics[0]?.isHistorical)).toBe(true);
  });

  test('what was kept of a lost device is told all the same, and it is dead again behind it', () => {
    const rig = new SparkplugRig();
    rig.birth();
    rig.alarm(rig.plant.lose('pump'));
    expect(whatOf(rig.summary(pumpRecord(1_000), true))).toEqual(['DBIRTH pump', 'DDATA pump', 'DDEATH pump']);
  });
});

describe('summaries', () => {
  test('the last value and the statistics are told by alias, at the end of the window', () => {
    const rig = new SparkplugRig();
    const names = aliasesOf(rig.birth());
    const windowEnd = rig.clock.wallMs() + 60_000;
    const said = rig.summary(pumpRecord(windowEnd));
    expect(whatOf(said)).toEqual(['DDATA pump']);
    const told = said[0]?.metrics.map(({ alias, value, timestamp, isHistorical }) => {
      return [names.get(alias ?? 0), value, timestamp, isHistorical];
    });
    expect(told).toEqual([
      ['pump: pressure', 2.9, windowEnd, false],
      ['pump: Statistics/pressure/min', 2.5, windowEnd, false],
      ['pump: Statistics/pressure/max', 3.5, windowEnd, false],
      ['pump: Statistics/pressure/mean', 3, windowEnd, false],
    ]);
  });

  test('what was kept during an outage is flagged historical, metric by metric', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const [said] = rig.summary(pumpRecord(1_000), true);
    expect(said?.metrics.map(({ isHistorical }) => isHistorical)).toEqual([true, true, true, true]);
  });

  test('a window without a good sample is null and bad, not zero', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const [value] = rig.summary(pumpRecord(1_000, { last: undefined }))[0]?.metrics ?? [];
    expect(value).toMatchObject({ isNull: true });
    expect(value?.properties).toEqual({ Quality: 0 });
  });

  test('a single bit stays a boolean and has no statistics', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const said = rig.summary(pumpRecord(1_000, { point: 'pump/running', last: 1 }));
    expect(said[0]?.metrics).toMatchObject([{ datatype: dataTypes.boolean, value: true }]);
  });

  test('no sealed message is longer than asked, although a record is', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const points = Array.from({ length: 100 }, (_, index) => pumpRecord(0, { point: `pump/p${index}` }).points).flat();
    const long = { ...pumpRecord(1_000), points };
    rig.summary(long);
    const said = rig.summary(long, true, 1_000);
    expect(said.length).toBeGreaterThan(5);
    for (const { message } of said) expect(message.payload.length).toBeLessThanOrEqual(1_000);
    expect(said.flatMap(({ metrics }) => metrics)).toHaveLength(400);
  });
});

describe('rebirth', () => {
  const rebirth = 'metrics { name: "Node Control/Rebirth" datatype: 11 boolean_value: true }';

  test('a host may ask for it by name or by alias', async () => {
    const rig = new SparkplugRig();
    const alias = metricsOf(rig.birth(), 'NBIRTH')['Node Control/Rebirth']?.alias;
    await rig.clock.advance(5_000);
    expect(rig.hear(rebirth)).toEqual({ kind: 'rebirth', delayMs: 0 });
    rig.birth();
    await rig.clock.advance(5_000);
    expect(rig.hear(`metrics { alias: ${alias} boolean_value: true }`)).toEqual({ kind: 'rebirth', delayMs: 0 });
    rig.birth();
    expect(rig.hear('metrics { name: "Node Control/Rebirth" boolean_value: false }').kind).toBe('ignored');
  });

  test('it keeps the bdSeq and begins the sequence anew', () => {
    const rig = new SparkplugRig();
    const first = rig.birth();
    rig.alarm(rig.plant.record({}));
    const second = rig.birth();
    expect(metricsOf(second, 'NBIRTH').bdSeq?.value).toBe(metricsOf(first, 'NBIRTH').bdSeq?.value);
    expect(second.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
    expect(aliasesOf(second)).toEqual(aliasesOf(first));
  });

  test('one asked for soon after the last comes five seconds after it, and many requests are one', async () => {
    const rig = new SparkplugRig();
    rig.birth();
    await rig.clock.advance(2_000);
    expect(rig.hear(rebirth)).toEqual({ kind: 'rebirth', delayMs: 3_000 });
    expect(rig.hear(rebirth).kind).toBe('ignored');
    rig.birth();
    expect(rig.hear(rebirth)).toEqual({ kind: 'rebirth', delayMs: 5_000 });
  });

  test('a message that is quicker than the birth of its device brings it along, and it is not born twice', () => {
    const rig = new SparkplugRig();
    const [node, ...devices] = rig.session.birth();
    if (!node) throw new Error('no birth');
    rig.say(node);
    expect(whatOf(rig.alarm(rig.plant.record({})))).toEqual(['DBIRTH pump', 'DDATA pump']);
    expect(whatOf(rig.say(...devices))).toEqual(['DBIRTH meter', 'DBIRTH lift', 'DBIRTH self']);
  });

  test('after a reload the device that is gone is declared dead, and its last data are still told', () => {
    const rig = new SparkplugRig();
    rig.birth();
    rig.plant.current = without(rig.plant.current, 'meter');
    expect(whatOf(rig.birth())).toEqual(['DDEATH meter', 'NBIRTH', 'DBIRTH pump', 'DBIRTH lift', 'DBIRTH self']);
    const record = { ...pumpRecord(1_000, { point: 'meter/energy' }), device: 'meter' };
    expect(whatOf(rig.summary(record))).toEqual(['DBIRTH meter', 'DDATA meter', 'DDEATH meter']);
  });
});

describe('the host', () => {
  const withHost = () => new SparkplugRig({ sparkplug: { groupId: 'towers', primaryHost: 'scada' } });

  test('without a primary host nothing is waited for', () => {
    const { session } = new SparkplugRig();
    expect(session.waitsForHost).toBe(false);
    expect(session.subscriptions.map(({ topic }) => topic)).toEqual(['spBv1.0/towers/NCMD/pump-room-1']);
  });

  test('with one its STATE is subscribed to and told', () => {
    const rig = withHost();
    expect(rig.session.waitsForHost).toBe(true);
    expect(rig.session.subscriptions).toContainEqual({ topic: 'spBv1.0/STATE/scada', wantsRetained: true });
    expect(rig.hearState('{"online":true,"timestamp":1000}')).toEqual({ kind: 'host', isOnline: true });
    expect(rig.hearState('{"online":false,"timestamp":999}').kind).toBe('ignored');
    expect(rig.hearState('{"online":false,"timestamp":1001}')).toEqual({ kind: 'host', isOnline: false });
  });

  test('a goodbye is the death certificate, as the broker would publish it', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const said = rig.say(...rig.session.goodbye());
    expect(whatOf(said)).toEqual(['NDEATH']);
    expect(said[0]?.message).toMatchObject({ qos: 1, isRetained: false });
    expect(said[0]?.metrics[0]?.value).toBe(read(rig.session.will).metrics[0]?.value);
  });

  test('it confirms and commands by writing the metrics offered for that', () => {
    const rig = new SparkplugRig({ confirm: 'platform', commands: ['refresh'] });
    const node = metricsOf(rig.birth(), 'NBIRTH');
    expect(rig.hear('metrics { name: "Node Control/Confirm" datatype: 12 string_value: "k3m9x2-17" }')).toEqual({
      kind: 'confirm',
      eventId: 'k3m9x2-17',
    });
    const alias = node['Node Control/Command']?.alias;
    expect(rig.hear(`metrics { alias: ${alias} string_value: "{}" }`)).toEqual({ kind: 'command', text: '{}' });
    const reply = rig.session.reply('{"id":"1"}');
    const said = rig.say(...(reply ? [reply] : []));
    expect(whatOf(said)).toEqual(['NDATA']);
    expect(said[0]?.metrics).toMatchObject([{ alias: node['Node Control/Reply']?.alias, value: '{"id":"1"}' }]);
  });

  test('nonsense on the command topic is told and changes nothing', () => {
    const rig = new SparkplugRig();
    rig.birth();
    const garbage = {
      topic: 'spBv1.0/towers/NCMD/pump-room-1',
      payload: Buffer.from('{"rebirth":true}'),
      isRetained: false,
    };
    expect(rig.session.hear(garbage)).toEqual({ kind: 'ignored', reason: 'an NCMD that is no Sparkplug payload' });
    expect(rig.hear('metrics { name: "pressure" double_value: 9 }').kind).toBe('ignored');
  });
});
