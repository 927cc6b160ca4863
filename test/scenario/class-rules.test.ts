import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isComputed } from '../../src/model/point.ts';
import { createNumbering, parseSite } from '../../src/site/site.ts';
import { type Reading, startChain } from './tower/chain.ts';

/* Rules of equipment that the tower of the stories does not have: read for hours and days by the judge itself. */

const folder = join(import.meta.dirname, '../../config/profiles');

function siteOf(text: string) {
  const loaded = parseSite(text, 'site.yaml', {
    numbering: createNumbering(),
    resolvePath: path => path,
    readProfile(name) {
      const file = join(folder, `${name}.yaml`);
      return { kind: 'found', file, text: readFileSync(file, 'utf8') };
    },
  });
  if (loaded.kind === 'wrong') throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.site;
}

const hour = 3_600;
const day = 24 * hour;

interface Watched {
  readonly untilS: number;
  readonly everyS: number;
  /** What the device says, by the seconds since the start; undefined when it is silent. */
  readonly says: (atS: number) => Reading;
}

/** The alarms that were raised, with their seconds; not those that stay hidden. */
function raisedBy(device: string, { untilS, everyS, says }: Watched): readonly (readonly [string, number])[] {
  const site = siteOf(
    `gateway: {id: g, time-zone: UTC}\nbuses: [{id: b, protocol: modbus-tcp, host: 127.0.0.1}]\n${device}`,
  );
  const chain = startChain(site);
  const watched = site.devices.filter(({ bus, points }) => bus === 'b' && points.some(point => !isComputed(point)));
  for (let atS = 0; atS <= untilS; atS += everyS) {
    // Ids are each point's own, whatever device it is of.
    for (const [index, one] of watched.entries()) chain.read(one, says(atS), atS * 1_000 + index, atS * 1_000 + index);
  }
  const raised = chain.told.filter(({ kind }) => kind === 'raised');
  return raised.map(({ alarm, mono }) => [alarm.replace('thing/', ''), Math.floor(mono / 1_000)]);
}

const coils = (...ids: readonly string[]) => ids.map((id, index) => `{id: ${id}, coil: ${index}}`).join(', ');

describe('a pump', () => {
  const pump = (points: string, as: string) =>
    `devices: [{id: thing, bus: b, class: pump, as: {${as}}, points: [{id: run, coil: 0}, ${points}]}]`;

  test('that takes less than 40 % of its usual power runs dry; one that stands takes none', () => {
    const device = pump('{id: power, holding-register: 0, type: f32, unit: W}', 'usual-power: 2.2 kW');
    const says = (atS: number) => ({ run: Number(atS < 200), power: atS < 100 ? 1_000 : atS < 200 ? 870 : 0 });
    expect(raisedBy(device, { untilS: 400, everyS: 1, says })).toEqual([['dry-run', 110]]);
  });

  test('of a set in which the other one does all the work does not take its turn', () => {
    const device = pump('{id: hours, holding-register: 0, type: f32, unit: h, counter: true}', 'least-hours: 180 h');
    const hours = (share: number) => (atS: number) => ({ run: 1, hours: 400 + (share * atS) / hour });
    const watched = { untilS: 32 * day, everyS: 600 };
    const [[alarm, atS] = ['', 0], ...others] = raisedBy(device, { ...watched, says: hours(0.2) });
    expect([alarm, others]).toEqual(['runs-too-little', []]);
    expect(atS).toBeGreaterThanOrEqual(30 * day);
    expect(atS).toBeLessThan(30.5 * day);
    expect(raisedBy(device, { ...watched, says: hours(0.3) })).toEqual([]);
  });

  test('under water starts too often in a day, though never too often in an hour', () => {
    const device = pump(
      '{id: starts, holding-register: 0, type: u16, counter: true}',
      'starts-per-hour: 6, starts-per-day: 100',
    );
    const says = (perHour: number) => (atS: number) => ({ run: 0, starts: Math.floor((atS * perHour) / hour) });
    const watched = { untilS: 2 * day, everyS: 60 };
    expect(raisedBy(device, { ...watched, says: says(5) }).map(([alarm]) => alarm)).toEqual(['starts-in-a-day']);
    expect(raisedBy(device, { ...watched, says: says(4) })).toEqual([]);
  });
});

describe('a lift', () => {
  const counters = `devices: [{id: thing, bus: b, class: lift, points: [
    {id: trips, holding-register: 0, type: u16, counter: true}, {id: stops-off-level, holding-register: 1, type: u16, counter: true}]}]`;

  test('whose levelling drifts stops beside the level more than once in twenty', () => {
    const says = (share: number) => (atS: number) => {
      const trips = Math.floor(atS / 120);
      return { trips, 'stops-off-level': Math.floor(trips * share) };
    };
    const watched = { untilS: 2 * day, everyS: 60 };
    expect(raisedBy(counters, { ...watched, says: says(0.08) }).map(([alarm]) => alarm)).toEqual(['levelling-drifts']);
    expect(raisedBy(counters, { ...watched, says: says(0.03) })).toEqual([]);
  });

  test('that makes a trip in an hour at most has no levelling to speak of', () => {
    const says = (atS: number) => ({ trips: Math.floor(atS / 5_400), 'stops-off-level': Math.floor(atS / 10_800) });
    expect(raisedBy(counters, { untilS: 2 * day, everyS: 60, says })).toEqual([]);
  });

  test('in inspection for two days is not told that it makes no trips; one in normal service is', () => {
    const device = `devices: [{id: thing, bus: b, class: lift, points: [
      {id: trips, holding-register: 0, type: u16, counter: true}, {id: normal-mode, coil: 0}]}]`;
    const says = (normal: number) => () => ({ trips: 7, 'normal-mode': normal });
    const watched = { untilS: 2 * day, everyS: 60 };
    expect(raisedBy(device, { ...watched, says: says(1) }).map(([alarm]) => alarm)).toEqual(['no-trips']);
    expect(raisedBy(device, { ...watched, says: says(0) })).toEqual([]);
  });

  test('without power is one alarm: urgent where the car stands between floors', () => {
    const device = `devices: [{id: thing, bus: b, class: lift, points: [${coils('supply', 'door-zone')}]}]`;
    const says = (level: number) => (atS: number) => ({ supply: Number(atS < 10), 'door-zone': level });
    expect(raisedBy(device, { untilS: 60, everyS: 1, says: says(1) })).toEqual([['supply-lost', 12]]);
    expect(raisedBy(device, { untilS: 60, everyS: 1, says: says(0) })).toEqual([['supply-lost-between-floors', 12]]);
  });

  test('that was left in parking is told in the morning, not at night', () => {
    const device = `devices: [{id: thing, bus: b, class: lift, points: [${coils('parking')}]}]`;
    // The first hour is one at night.
    const says = (atS: number) => ({ parking: Number(atS > hour) });
    const raised = raisedBy(device, { untilS: 10 * hour, everyS: 10, says });
    expect(raised.map(([alarm, atS]) => [alarm, Math.floor(atS / hour)])).toEqual([['parked', 7]]);
  });
});

test('of four lifts two are out of service: the bank has lost more than a third; one is not', () => {
  const lifts = ['l1', 'l2', 'l3', 'l4'];
  const device = `devices:
  - id: thing
    bus: b
    class: lift-bank
    as: {lifts: 4}
    points: [${coils(...lifts)}]
computed:
  - id: lifts-out
    device: thing
    inputs: {${lifts.map(id => `${id}: thing/${id}`).join(', ')}}
    expression: "${lifts.map(id => `(${id} == 'on' ? 1.0 : 0.0)`).join(' + ')}"
`;
  const says = (atS: number) => ({ l1: 1, l2: Number(atS >= 2_000), l3: 0, l4: 0 });
  expect(raisedBy(device, { untilS: 4_000, everyS: 10, says })).toEqual([['capacity', 2_600]]);
});

describe('a feeder', () => {
  const volts = [0, 1, 2].map(at => `{id: u-l${at + 1}, holding-register: ${at * 2}, type: f32, unit: V}`).join(', ');

  test('whose meter dies with it is dead, where a contact says so', () => {
    const device = `devices:
  - {id: thing, bus: b, class: feeder, as: {supply: contacts/present}, points: [${volts}]}
  - {id: contacts, bus: b, unit-id: 2, points: [{id: present, coil: 0}]}
`;
    const site = siteOf(`gateway: {id: g}\nbuses: [{id: b, protocol: modbus-tcp, host: 127.0.0.1}]\n${device}`);
    const [meter, contacts] = ['thing', 'contacts'].map(id => site.devices.find(one => one.id === id));
    if (!meter || !contacts) throw new Error('no device');
    const raisedWhen = (present: number) => {
      const chain = startChain(site);
      for (let atS = 0; atS < 120; atS += 1) {
        const live = { 'u-l1': 220, 'u-l2': 220, 'u-l3': 220 };
        chain.read(meter, atS < 60 ? live : undefined, 1_000 * atS, 1_000 * atS);
        chain.read(contacts, { present: atS < 60 ? 1 : present }, 1_000 * atS + 1, 1_000 * atS + 1);
      }
      return chain.told.filter(({ kind }) => kind === 'raised').map(({ alarm }) => alarm);
    };
    expect(raisedWhen(0)).toEqual(['thing/communication', 'thing/outage-unheard']);
    expect(raisedWhen(1)).toEqual(['thing/communication']);
  });

  test('with two phases changed over is told at once; a lost phase has no sequence', () => {
    const device = `devices: [{id: thing, bus: b, class: feeder, points: [${volts}, {id: sequence-reversed, coil: 0}]}]`;
    const says = (third: number) => () => ({ 'u-l1': 220, 'u-l2': 220, 'u-l3': third, 'sequence-reversed': 1 });
    expect(raisedBy(device, { untilS: 60, everyS: 1, says: says(220) })).toEqual([['sequence-reversed', 2]]);
    expect(raisedBy(device, { untilS: 60, everyS: 1, says: says(9) })).toEqual([['phase-lost', 5]]);
  });

  test('whose breaker opens though nobody has ordered it', () => {
    const device = `devices: [{id: thing, bus: b, class: feeder, points: [${coils('breaker-open', 'open-command')}]}]`;
    const says = (atS: number) => ({
      'breaker-open': Number((atS >= 10 && atS < 20) || atS >= 30),
      'open-command': Number(atS >= 9 && atS < 20),
    });
    expect(raisedBy(device, { untilS: 60, everyS: 1, says })).toEqual([['breaker-opened', 32]]);
  });
});

describe('a sump without floats', () => {
  const device = `devices: [{id: thing, bus: b, class: sump, as: {level-high: 1.3 m}, points: [
    {id: level, holding-register: 0, type: f32, unit: m}, {id: run, coil: 0}]}]`;

  test('is full, and its pump stands', () => {
    const says = (atS: number) => ({ level: atS < 10 ? 1 : 1.4, run: 0 });
    expect(raisedBy(device, { untilS: 100, everyS: 1, says })).toEqual([
      ['pump-stands-level', 40],
      ['level-high', 70],
    ]);
  });

  test('takes its pump an hour to empty: that is no fault while the level falls', () => {
    const says = (atS: number) => ({ level: 1.2 - (0.9 * atS) / hour, run: 1 });
    expect(raisedBy(device, { untilS: hour, everyS: 5, says })).toEqual([]);
  });
});
