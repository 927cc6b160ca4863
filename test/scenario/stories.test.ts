import { describe, expect, test } from 'vitest';
import { playStory, raisesOf, type Story } from './tower/story.ts';

/*
 * What happens in plant rooms, on the simulated tower of config/example-tower.yaml and with the rules of its equipment
 * classes: the alarms that people want come in time, and no others; and none of it depends on the clock on the wall.
 */

const hour = 3_600;
const day = 24 * hour;

const stories: Readonly<Record<string, Story>> = {
  'half an hour in which nothing happens has no alarm': { faults: [], expected: [], untilS: hour / 2 },
  'a pipe bursts: at once, and that all pumps are not enough follows': {
    faults: [['pipe-burst', 120, 400]],
    expected: [
      ['booster/pipe-burst', 120, 130],
      ['booster/outlet-pressure-low', 135, 145],
      ['booster/supply-fails', 140, 155],
    ],
    untilS: 600,
  },
  'a starting pump dips the pressure for seconds: that is no burst': {
    faults: [['start-dip', 120, 126]],
    expected: [],
    untilS: 300,
  },
  'the suction valve is shut: the pumps run dry': {
    faults: [['suction-shut', 120, 300]],
    expected: [
      ['booster/dry-run', 130, 135],
      ['booster/outlet-pressure-low', 135, 150],
    ],
    untilS: 400,
  },
  'the control hunts: the pressure swings for minutes': {
    faults: [['hunting', 120, 900]],
    expected: [
      ['booster/pressure-oscillates', 160, 245],
      ['booster/pressure-hunting', 420, 500],
    ],
    untilS: 1_000,
  },
  'a pressure sensor hangs while the flow moves': {
    faults: [['sensor-hangs', 600]],
    expected: [['booster/sensor-frozen', 6 * hour, 7 * hour]],
    untilS: 8 * hour,
    everyS: 20,
    reads: ['booster'],
  },
  'a pump of the set trips': {
    faults: [['pump-trip', 120, 300]],
    expected: [['booster/set-fault', 120, 122]],
    untilS: 600,
  },
  'the street main is shut: the roof tank will be empty, then is low': {
    faults: [['main-shut', 600]],
    expected: [
      ['tank/empties', 8_000, 9_200],
      ['tank/level-low', 10_800, 12_600],
    ],
    untilS: 13_000,
    everyS: 10,
    reads: ['tank'],
  },
  'the filling valve sticks: the roof tank runs over': {
    faults: [['valve-stuck', 60]],
    expected: [
      ['tank/level-high', 2_000, 4_000],
      ['tank/overflow', 3_000, 6_000],
    ],
    untilS: 6_000,
    everyS: 5,
    reads: ['tank'],
  },
  'rain fills the sump faster than its pump empties it': {
    faults: [['rain', 60, 1_500]],
    expected: [
      ['sump/high', 200, 450],
      ['sump/flood', 300, 650],
      ['sump/pump-cannot-cope', 480, 700],
    ],
    untilS: 1_700,
  },
  'a sump pump does not start': {
    faults: [
      ['rain', 60, 400],
      ['pump-dead', 0],
    ],
    expected: [
      ['sump/p1-does-not-follow', 180, 200],
      ['sump/pump-stands', 230, 300],
      ['sump/high', 250, 330],
      ['sump/flood', 300, 420],
    ],
    untilS: 600,
  },
  'a sump pump does not stop: its contactor is welded, and it runs dry': {
    faults: [
      ['rain', 60, 200],
      ['contactor-stuck', 150],
    ],
    expected: [
      ['sump/p1-does-not-follow', 600, 1_000],
      ['sump/p1-dry-run', 900, 1_500],
      ['sump/level-does-not-fall', 2_800, 4_000],
    ],
    untilS: 4_200,
    reads: ['sump'],
  },
  'a check valve lets the water back: the pump starts again and again': {
    faults: [['check-valve', 60]],
    expected: [['sump/p1-short-cycling', 1_000, hour]],
    untilS: hour,
    reads: ['sump'],
  },
  'a phase is lost': {
    faults: [['phase-loss', 120, 400]],
    expected: [['incomer/phase-lost', 125, 129]],
    untilS: 600,
  },
  'a broken neutral: the voltages are unbalanced, and no more than that': {
    faults: [['unbalance', 120]],
    expected: [
      ['incomer/voltage-unbalance-high', 180, 184],
      ['incomer/voltage-unbalance', 720, 724],
    ],
    untilS: 900,
  },
  'the voltage falls to 80 %': {
    faults: [['undervoltage', 120]],
    expected: [
      ['incomer/voltage-deviates-much', 130, 134],
      ['incomer/voltage-deviates', 180, 184],
    ],
    untilS: 400,
  },
  'the mains fail, the set starts, the switch transfers: one urgent alarm, and the UPS has nothing to say': {
    faults: [['mains-failure', 120, 1_200]],
    expected: [['incomer/outage', 122, 124]],
    untilS: 1_500,
  },
  'the mains fail and the set does not start': {
    faults: [
      ['mains-failure', 120],
      ['genset-fails', 0],
    ],
    expected: [
      ['incomer/outage', 122, 124],
      ['ups/on-battery', 135, 138],
      ['genset/fails-to-start', 150, 152],
      ['ups/runtime-low', 1_600, 1_700],
      ['ups/battery-low', 2_200, 2_300],
    ],
    untilS: 2_400,
  },
  'the generating set was left in manual': {
    faults: [['genset-manual', 60]],
    expected: [['genset/not-in-auto', 1_860, 1_862]],
    untilS: 2_000,
    reads: ['genset'],
  },
  'the switch sticks: the set runs for nobody': {
    faults: [
      ['mains-failure', 120],
      ['ats-sticks', 0],
    ],
    expected: [
      ['incomer/outage', 122, 124],
      ['ups/on-battery', 135, 138],
      ['ats/not-transferred', 158, 162],
    ],
    untilS: 400,
  },
  'the fuel goes while the set stands': {
    faults: [['fuel-leak', 600]],
    expected: [['genset/fuel-drops', 1_200, 2 * hour]],
    untilS: 2 * hour,
    everyS: 10,
    reads: ['genset'],
  },
  'the feeder carries too much': {
    faults: [['feeder-overload', 60]],
    expected: [
      ['incomer/overload', 360, 366],
      ['incomer/load-high', 960, 966],
    ],
    untilS: 1_200,
  },
  'the transformer is overloaded, and its fans are dead': {
    faults: [
      ['transformer-overload', 60],
      ['fans-dead', 0],
    ],
    expected: [
      ['transformer/overload', 360, 366],
      ['transformer/load-high', 960, 966],
      ['transformer/trip-soon', 100, 1_400],
      ['transformer/fan-failed', 600, 1_000],
      ['transformer/winding-hot', 800, 1_200],
      ['transformer/trip-pending', 1_500, 2_300],
    ],
    untilS: 2_400,
  },
  'the cable of a winding sensor breaks: that is no hot winding': {
    faults: [['sensor-open', 120, 400]],
    expected: [
      ['transformer/sensor-jumps', 120, 122],
      ['transformer/sensor-open', 120, 122],
    ],
    untilS: 1_400,
    reads: ['transformer'],
  },
  'a passenger is trapped between floors': {
    faults: [['lift-stuck', 300, 900]],
    expected: [
      ['lift/trapped', 330, 400],
      ['lift/safety-circuit', 330, 400],
    ],
    untilS: 1_000,
  },
  'somebody presses the alarm button: not a second is lost': {
    faults: [['alarm-button', 300, 302]],
    expected: [['lift/alarm-button', 300, 300]],
    untilS: 400,
  },
  'a door is held open': {
    faults: [['lift-door-held', 300, 600]],
    expected: [['lift/door-open-long', 400, 460]],
    untilS: 700,
  },
  'an escalator reverses by itself': {
    faults: [['reversal', 60, 61]],
    expected: [['escalator/reversal', 60, 60]],
    untilS: 120,
  },
  'the fire pump was left in manual': {
    faults: [['fire-manual', 60]],
    expected: [['fire/not-in-auto', 120, 122]],
    untilS: 300,
  },
  'somebody draws water from a hydrant: the fire pump runs': {
    faults: [['fire-hydrant', 60, 200]],
    expected: [['fire/running', 60, 75]],
    untilS: 300,
  },
  'the fire main leaks: the jockey pump starts too often': {
    faults: [['fire-leak', 60]],
    expected: [['fire/jockey-starts-often', 1_200, hour]],
    untilS: hour,
    reads: ['fire'],
  },
  'the fire main leaks a little: not too many starts, but more than it ever had': {
    faults: [['fire-small-leak', 5 * day]],
    expected: [['fire/jockey-starts-unusual', 5 * day + 1_200, 5 * day + 2 * hour]],
    untilS: 5 * day + 3 * hour,
    everyS: 20,
    reads: ['fire'],
  },
  'the power of the fire pump is lost': {
    faults: [['fire-power-lost', 60, 120]],
    expected: [['fire/power-lost', 70, 72]],
    untilS: 200,
  },
  'nobody runs the weekly test of the fire pump': {
    faults: [['fire-test', 60, 180]],
    expected: [
      ['fire/running', 60, 60],
      ['fire/weekly-test-missing', 8 * day, 8 * day + 300],
    ],
    untilS: 8.2 * day,
    everyS: 60,
    reads: ['fire'],
  },
  'water in the switch room, and a broken leak cable': {
    faults: [
      ['water', 60, 120],
      ['cable-break', 200],
    ],
    expected: [
      ['room/water', 65, 66],
      ['room/cable-break', 205, 206],
    ],
    untilS: 300,
  },
  'the switch room gets hot': {
    faults: [['cooling-fails', 60]],
    expected: [['room/hot', 1_500, 1_700]],
    untilS: 2_000,
  },
  'the lights of the garage burn by day': {
    faults: [['lights-burn', 15 * day + 2 * hour]],
    expected: [['lights/lighting-unusual', 15 * day + 2 * hour + 1_200, 15 * day + 2 * hour + 1_500]],
    untilS: 15 * day + 4 * hour,
    everyS: 60,
    reads: ['lights'],
  },
  'a drive does not answer': {
    faults: [['drive-dead', 60, 120]],
    expected: [['drive/communication', 70, 71]],
    untilS: 200,
  },
};

/** Ten years in days, so that the hour of the day stays what it is. */
const tenYearsMs = 3_652 * day * 1_000;

describe.each(Object.entries(stories))('%s', (_name, story) => {
  const told = playStory(story);

  test('the alarms that people want, in time, and no others', () => {
    const raised = raisesOf(told);
    expect(raised.map(([alarm]) => alarm).sort()).toEqual(story.expected.map(([alarm]) => alarm).sort());
    for (const [alarm, fromS, toS] of story.expected) {
      const atS = raised.find(([key]) => key === alarm)?.[1];
      expect(atS, alarm).toBeGreaterThanOrEqual(fromS);
      expect(atS, alarm).toBeLessThanOrEqual(toS);
    }
  });

  test.each([tenYearsMs, -tenYearsMs])('a wall clock that jumps by %d ms in the middle changes nothing', jumpMs => {
    expect(playStory(story, jumpMs)).toEqual(told);
  });
});

describe('the mains fail and the set does not start', () => {
  const told = playStory(stories['the mains fail and the set does not start'] as Story);

  test('what follows within a minute is secondary to the outage: one alarm calls people', () => {
    const firstOf = new Map(told.filter(({ kind }) => kind === 'raised').map(one => [one.alarm, one.firstAlarm]));
    expect(firstOf.get('incomer/outage')).toBeUndefined();
    expect(firstOf.get('genset/fails-to-start')).toBe('incomer/outage');
    expect(firstOf.get('ups/on-battery')).toBe('incomer/outage');
  });

  test('the devices that it feeds do not answer, and that is hidden by design', () => {
    const ofDrive = told.filter(({ alarm }) => alarm === 'drive/communication').map(({ kind }) => kind);
    expect(ofDrive).toEqual(['hidden-raised']);
    expect(told).toContainEqual(
      expect.objectContaining({ kind: 'suppression-began', alarm: 'site/suppression:mains-dead' }),
    );
  });
});

test('what follows from a burst within a minute is secondary to it: one alarm calls people', () => {
  const told = playStory(stories['a pipe bursts: at once, and that all pumps are not enough follows'] as Story);
  const raised = told.filter(({ kind }) => kind === 'raised').map(({ alarm, firstAlarm }) => [alarm, firstAlarm]);
  expect(raised).toEqual([
    ['booster/pipe-burst', undefined],
    ['booster/outlet-pressure-low', 'booster/pipe-burst'],
    ['booster/supply-fails', 'booster/pipe-burst'],
  ]);
});
