import { describe, expect, test } from 'vitest';
import { startPlant } from './rig.ts';

describe('a computed point', () => {
  test('says the unbalance of three phases with each read of the meter', () => {
    const plant = startPlant(`computed:
  - {id: unbalance, device: feeder, unit: "%", inputs: {a: feeder/l1, b: feeder/l2, c: feeder/l3},
     expression: "(max(a, b, c) - (a + b + c) / 3.0) * 100.0 / ((a + b + c) / 3.0)"}
`);
    expect(plant.read(0, { 'feeder/l1': 90, 'feeder/l2': 100, 'feeder/l3': 110 })).toEqual(['feeder/unbalance = 10']);
    expect(plant.read(1_000, { 'feeder/l1': 100, 'feeder/l2': 100, 'feeder/l3': 100 })).toEqual([
      'feeder/unbalance = 0',
    ]);
  });

  test('has no value where it divides by zero, and comes back', () => {
    const plant = startPlant(`computed:
  - {id: energy, unit: kWh/m3, inputs: {e: feeder/power, q: booster/flow}, expression: e / q}
`);
    expect(plant.read(0, { 'feeder/power': 12 })).toEqual(['computed/energy = not-read']);
    expect(plant.read(10, { 'booster/flow': 0 })).toEqual(['computed/energy = not-computed']);
    expect(plant.read(20, { 'booster/flow': 24 })).toEqual(['computed/energy = 0.5']);
  });

  test('has the quality of its worst input', () => {
    const plant = startPlant(`computed:
  - {id: sum, inputs: {a: booster/flow, b: feeder/power}, expression: a + b}
`);
    plant.read(0, { 'booster/flow': 1 });
    expect(plant.read(1, { 'feeder/power': 2 })).toEqual(['computed/sum = 3']);
    expect(plant.read(2, { 'feeder/power': 'invalid-value' })).toEqual(['computed/sum = invalid-value']);
    expect(plant.read(3, { 'booster/flow': 'timeout' })).toEqual(['computed/sum = timeout']);
    expect(plant.read(4, { 'booster/flow': 1 })).toEqual(['computed/sum = invalid-value']);
  });

  test('gives a state by its text, and a bool by 0 and 1', () => {
    const plant = startPlant(`computed:
  - {id: word, states: {0: idle, 1: eco, 2: full, 3: wrong}, inputs: {p: feeder/power},
     expression: "p > 50.0 ? 'full' : p > 0.0 ? 'eco' : p < 0.0 ? 'wrong' : 'idle'"}
  - {id: mode, states: {0: idle, 1: eco, 2: full}, inputs: {w: computed/word}, expression: w}
  - {id: busy, states: {0: no, 1: yes}, inputs: {m: computed/mode}, expression: m != 'idle'}
`);
    expect(plant.read(0, { 'feeder/power': 60 })).toEqual([
      'computed/word = 2',
      'computed/mode = 2',
      'computed/busy = 1',
    ]);
    expect(plant.read(1, { 'feeder/power': 0 })).toEqual([
      'computed/word = 0',
      'computed/mode = 0',
      'computed/busy = 0',
    ]);
    expect(plant.read(2, { 'feeder/power': -1 })).toEqual([
      'computed/word = 3',
      'computed/mode = not-computed',
      'computed/busy = not-computed',
    ]);
  });

  test('is told once per batch, behind all that it is made of, in whatever order they are written', () => {
    const plant = startPlant(`computed:
  - {id: top, inputs: {a: computed/left, b: computed/right, p: booster/p}, expression: a + b + p}
  - {id: left, inputs: {p: booster/p}, expression: p * 2.0}
  - {id: right, inputs: {l: computed/left, f: booster/flow}, expression: l + f}
`);
    expect(plant.read(0, { 'booster/p': 1, 'booster/flow': 10 })).toEqual([
      'computed/left = 2',
      'computed/right = 12',
      'computed/top = 15',
    ]);
    expect(plant.read(1, { 'booster/flow': 20 })).toEqual(['computed/right = 22', 'computed/top = 25']);
    expect(plant.read(2, { 'feeder/power': 20 })).toEqual([]);
  });

  test('looks back over a window that knows its gaps', () => {
    const plant = startPlant(`computed:
  - {id: mean, inputs: {m: {mean: booster/p, over: 10s}}, expression: m}
  - {id: span, inputs: {l: {min: booster/p, over: 10s}, h: {max: booster/p, over: 10s}}, expression: h - l}
`);
    const at = (second: number, value: number | 'timeout') => plant.read(second * 1_000, { 'booster/p': value });
    expect(at(0, 4)).toEqual(['computed/mean = too-little-data', 'computed/span = too-little-data']);
    for (let second = 1; second < 5; second += 1) at(second, 4);
    expect(at(5, 10)).toEqual(['computed/mean = 5', 'computed/span = 6']);
    expect(at(6, 'timeout')).toEqual(['computed/mean = timeout', 'computed/span = timeout']);
    expect(at(7, 4)).toEqual([expect.stringMatching(/^computed\/mean = 4\.857/), 'computed/span = 6']);
    expect(at(60, 4)).toEqual(['computed/mean = too-little-data', 'computed/span = too-little-data']);
  });
});

describe('an alarm with an expression', () => {
  const burst = `alarms:
  - id: burst
    device: booster
    message: the pipe has burst
    inputs: {dp: {rate: booster/p, over: 4s}, dq: {rate: booster/flow, over: 4s}}
    expression: dp < -0.05 && dq > 1.0
    on-delay: 2s
`;

  test('says that a pipe has burst when the pressure falls and the flow rises, and not when both fall', () => {
    const story = (flowStep: number) => {
      const plant = startPlant(burst);
      return Array.from({ length: 12 }, (_, second) =>
        plant.read(second * 1_000, { 'booster/p': 5 - second * 0.2, 'booster/flow': 20 + second * flowStep }),
      ).flatMap((told, second) => told.map(text => `${second} s: ${text}`));
    };
    expect(story(3)).toEqual(['4 s: met booster/burst']);
    expect(story(-1)).toEqual([]);
  });

  test('neither comes nor goes while an input is bad', () => {
    const plant = startPlant(`alarms:
  - {id: dry, message: dry, inputs: {p: booster/p, run: booster/run}, expression: p < 1.0 && run == 'on'}
`);
    expect(plant.read(0, { 'booster/p': 0.5, 'booster/run': 1 })).toEqual(['met computed/dry']);
    expect(plant.read(1, { 'booster/p': 0.5, 'booster/run': 'invalid-value' })).toEqual([]);
    expect(plant.read(2, { 'booster/p': 'timeout', 'booster/run': 0 })).toEqual([]);
    expect(plant.read(3, { 'booster/p': 3 })).toEqual(['gone computed/dry']);
  });

  test('can ask for other alarms; its delay is confirmed by the samples behind them', () => {
    const plant = startPlant(`alarms:
  - {id: low, point: booster/p, low: 1 bar}
  - {id: both, message: both, inputs: {low: {alarm: booster/low}, lost: {alarm: feeder/communication}},
     expression: low && !lost, on-delay: 2s}
`);
    expect(plant.read(0, { 'booster/p': 0.5 })).toEqual(['met booster/low']);
    expect(plant.read(1_000, { 'booster/p': 0.5 })).toEqual([]);
    expect(plant.read(2_000, { 'booster/p': 0.5 })).toEqual(['met computed/both']);
    expect(plant.read(3_000, { 'booster/p': 3 })).toEqual(['gone booster/low', 'gone computed/both']);
  });
});

describe('a suppression', () => {
  const off = `suppressions:
  - {id: pump-off, inputs: {run: booster/run}, expression: run == 'off'}
`;

  test('is told when it is known first, when it changes, and not while its input is bad', () => {
    const plant = startPlant(off);
    expect(plant.read(0, { 'booster/run': 'timeout' })).toEqual([]);
    expect(plant.read(1, { 'booster/run': 0 })).toEqual(['on pump-off']);
    expect(plant.read(2, { 'booster/run': 0 })).toEqual([]);
    expect(plant.read(3, { 'booster/run': 'timeout' })).toEqual([]);
    expect(plant.read(4, { 'booster/run': 1 })).toEqual(['off pump-off']);
  });

  test('follows an alarm: the feeder is dead, so its devices are not heard', () => {
    const plant = startPlant(`alarms: [{id: dead, point: feeder/l1, low: 10 A}]
suppressions: [{id: feeder-dead, inputs: {dead: {alarm: feeder/dead}}, expression: dead}]
`);
    expect(plant.read(0, { 'feeder/l1': 50 })).toEqual(['off feeder-dead']);
    expect(plant.read(1, { 'feeder/l1': 0 })).toEqual(['met feeder/dead', 'on feeder-dead']);
    expect(plant.read(2, { 'feeder/l1': 50 })).toEqual(['gone feeder/dead', 'off feeder-dead']);
  });
});

test('what is computed for a device says nothing about whether it is heard', () => {
  const plant = startPlant(`computed: [{id: twice, device: booster, inputs: {p: feeder/power}, expression: p * 2.0}]
`);
  plant.read(0, { 'booster/p': 'timeout' });
  for (let second = 1; second < 10; second += 1) {
    plant.read(second * 1_000 - 500, { 'feeder/power': 1 });
    expect(plant.read(second * 1_000, { 'booster/p': 'timeout' })).toEqual([]);
  }
  plant.read(9_500, { 'feeder/power': 1 });
  expect(plant.read(10_000, { 'booster/p': 'timeout' })).toEqual(['met booster/communication']);
});

describe('a reload', () => {
  test('leaves an expression that stays with its window, and begins a new one with what its points say', () => {
    const mean = '  - {id: mean, inputs: {m: {mean: booster/p, over: 4s}}, expression: m}\n';
    const plant = startPlant(`computed:\n${mean}`);
    for (let second = 0; second < 5; second += 1) plant.read(second * 1_000, { 'booster/p': 4, 'booster/flow': 7 });
    plant.reload(`computed:
  - {id: sum, inputs: {p: booster/p, q: booster/flow}, expression: p + q}
${mean}`);
    expect(plant.read(5_000, { 'booster/p': 4 })).toEqual(['computed/sum = 11', 'computed/mean = 4']);
  });

  test('takes an expression away with its point', () => {
    const plant = startPlant('computed: [{id: same, inputs: {p: booster/p}, expression: p}]');
    expect(plant.read(0, { 'booster/p': 4 })).toEqual(['computed/same = 4']);
    plant.reload('');
    expect(plant.read(1, { 'booster/p': 4 })).toEqual([]);
  });
});
