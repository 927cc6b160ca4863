import { expect, test } from 'vitest';
import type { Log } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { OutputSettings, PinAddress } from '../../src/model/output.ts';
import { createOutputs } from '../../src/output/outputs.ts';
import type { StandingAlarm } from '../../src/output/standing-alarm.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { ScriptedPin } from './scripted-pin.ts';

const siren: OutputSettings = {
  id: 'siren',
  name: 'Siren',
  kind: 'siren',
  pin: { kind: 'bcm', line: 17 },
  active: 'high',
  isOnWhenStopped: false,
  longestMs: 600_000,
  rules: [{ priorities: ['urgent'], while: 'unacknowledged', pattern: 'steady' }],
};
const beacon: OutputSettings = {
  ...siren,
  id: 'beacon',
  kind: 'beacon',
  pin: { kind: 'bcm', line: 27 },
  longestMs: undefined,
  rules: [{ priorities: ['urgent'], while: 'unacknowledged', pattern: 'slow' }],
};

const urgent: StandingAlarm = {
  alarm: 'pump/dry',
  call: 'dry-1+0',
  comebacks: 0,
  priority: 'urgent',
  reasons: ['unacknowledged', 'active'],
  isQuiet: false,
};

function rig() {
  const clock = new VirtualClock();
  const pins = new Map<number, ScriptedPin>();
  const pinAt = (line: number) => {
    const pin = pins.get(line) ?? new ScriptedPin();
    pins.set(line, pin);
    return pin;
  };
  const said: string[] = [];
  const log: Log = {
    debug() {},
    info: (_, message) => said.push(message),
    warn: (_, message) => said.push(message),
    error: ({ failure }, message) => said.push(`${message}: ${failure}`),
    child: () => log,
  };
  const openPin = (address: PinAddress, isHigh: boolean) => pinAt(address.line).open(address, isHigh);
  const outputs = createOutputs({ openPin, clock, random: seededRandom(1), log });
  const viewOf = (id: string) => outputs.views().find(view => view.id === id);
  return { clock, outputs, said, viewOf, sirenPin: pinAt(17), beaconPin: pinAt(27) };
}

test('an alarm switches beacon and siren on in the same turn, silence ends the siren, and the beacon blinks on', async () => {
  const { clock, outputs, sirenPin, beaconPin, viewOf } = rig();
  await outputs.replace([siren, beacon]);
  await clock.advance(100);
  outputs.show(() => []);
  await clock.advance(100);
  outputs.show(() => [urgent]);
  await clock.advance(0);
  expect([sirenPin.isHigh, beaconPin.isHigh]).toEqual([true, true]);
  await clock.advance(1_000);
  expect([sirenPin.isHigh, beaconPin.isHigh]).toEqual([true, false]);
  expect(outputs.silence()).toBe(1);
  await clock.advance(1_000);
  expect([sirenPin.isHigh, beaconPin.isHigh]).toEqual([false, true]);
  expect(viewOf('siren')).toMatchObject({ pattern: 'off', silenced: 1, alarms: ['pump/dry'], health: 'ok' });
  outputs.show(() => []);
  await clock.advance(0);
  expect([sirenPin.isHigh, beaconPin.isHigh]).toEqual([false, false]);
});

test('a siren falls silent after its longest time with nobody there to do anything', async () => {
  const { clock, outputs, sirenPin } = rig();
  await outputs.replace([siren]);
  outputs.show(() => [urgent]);
  await clock.advance(599_999);
  expect(sirenPin.isHigh).toBe(true);
  await clock.advance(1);
  expect(sirenPin.levels).toEqual([false, true, false]);
});

test('a test lasts as long as it was asked for, and no longer than a minute', async () => {
  const { clock, outputs, sirenPin } = rig();
  await outputs.replace([siren]);
  outputs.show(() => []);
  expect(outputs.test('siren', 3_000)).toBe(true);
  await clock.advance(2_999);
  expect(sirenPin.isHigh).toBe(true);
  await clock.advance(1);
  expect(sirenPin.isHigh).toBe(false);
  outputs.test('siren', 3_600_000);
  await clock.advance(60_000);
  expect(sirenPin.isHigh).toBe(false);
  expect(outputs.test('horn', 3_000)).toBe(false);
});

test('outputs are in their safe state until the alarms are known, and again when the gateway stops', async () => {
  const { clock, outputs, sirenPin, beaconPin } = rig();
  // On while nobody watches; and a relay that is switched on by a low pin.
  await outputs.replace([
    { ...siren, active: 'low' },
    { ...beacon, isOnWhenStopped: true },
  ]);
  await clock.advance(60_000);
  expect([sirenPin.levels, beaconPin.levels]).toEqual([[true], [true]]);
  outputs.show(() => []);
  await clock.advance(0);
  expect([sirenPin.isHigh, beaconPin.isHigh]).toEqual([true, false]);
  outputs.show(() => [urgent]);
  await clock.advance(20);
  expect(sirenPin.isHigh).toBe(false);
  await outputs.stop();
  expect([sirenPin.isHigh, beaconPin.isHigh]).toEqual([true, true]);
  expect(sirenPin.isOpen, 'given back, the system might change its level').toBe(true);
  expect(clock.pending).toBe(0);
});

test('a reload leaves an output that did not change alone, and takes the pin of one that is gone back to safety', async () => {
  const { clock, outputs, sirenPin, beaconPin } = rig();
  await outputs.replace([siren, beacon]);
  outputs.show(() => [urgent]);
  await clock.advance(0);
  outputs.silence();
  await outputs.replace([{ ...siren, name: 'Horn' }]);
  await clock.advance(2_000);
  expect(beaconPin).toMatchObject({ isHigh: false, isOpen: false });
  expect(sirenPin.isHigh, 'silenced before, and still').toBe(false);
  const opened = sirenPin.opened;
  await outputs.replace([{ ...siren, name: 'Horn' }, beacon]);
  await clock.advance(0);
  expect(sirenPin.opened).toBe(opened);
  expect(beaconPin.isHigh, 'a new output shows what stands').toBe(true);
});

test('a pin that fails is told once, tried again ever more rarely, and switched as it should be when it is back', async () => {
  const { clock, outputs, said, sirenPin, viewOf } = rig();
  sirenPin.fault = 'absent';
  await outputs.replace([siren]);
  outputs.show(() => [urgent]);
  await clock.advance(3_600_000);
  expect(said).toEqual(['an output fails; it is tried again: there is no pin: look']);
  expect(viewOf('siren')).toMatchObject({ health: 'failing', lastFailure: 'there is no pin: look' });
  expect(sirenPin.opened).toBeGreaterThan(60);
  expect(sirenPin.opened).toBeLessThan(90);
  sirenPin.fault = 'none';
  outputs.show(() => [{ ...urgent, call: 'dry-2+0' }]);
  await clock.advance(60_000);
  expect(sirenPin.isHigh).toBe(true);
  expect(said.slice(1)).toEqual(['an output that failed works again']);
});

test.each([
  ['lost', 'ENODEV'],
  ['stuck', 'the pin stays high: a short circuit or another program'],
] as const)('a pin that is %s is found out when it is to be switched', async (fault, message) => {
  const { clock, outputs, sirenPin, viewOf } = rig();
  await outputs.replace([siren]);
  outputs.show(() => [urgent]);
  await clock.advance(100);
  sirenPin.fault = fault;
  outputs.show(() => []);
  await clock.advance(100);
  expect(viewOf('siren')).toMatchObject({ health: 'failing', lastFailure: message });
  sirenPin.fault = 'none';
  await clock.advance(2_000);
  expect(sirenPin.isHigh).toBe(false);
  expect(viewOf('siren')).toMatchObject({ health: 'ok', lastFailure: null });
});

test('a level that another program has changed is put right within ten seconds', async () => {
  const { clock, outputs, sirenPin } = rig();
  await outputs.replace([siren]);
  outputs.show(() => [urgent]);
  await clock.advance(5_000);
  sirenPin.isHigh = false;
  await clock.advance(10_000);
  expect(sirenPin.isHigh).toBe(true);
});

test('a pin that never answers holds up nobody: neither the alarms nor the stop, and calls do not pile up', async () => {
  const { clock, outputs, said, sirenPin, viewOf } = rig();
  await outputs.replace([siren]);
  await clock.advance(100);
  sirenPin.fault = 'hung';
  outputs.show(() => [urgent]);
  await clock.advance(2_100);
  expect(viewOf('siren')).toMatchObject({ health: 'failing', lastFailure: 'the pin has not answered for 2 s' });
  await clock.advance(600_000);
  expect(said).toHaveLength(1);
  expect(sirenPin.opened).toBe(1);
  let isStopped = false;
  const stopping = outputs.stop().then(() => {
    isStopped = true;
  });
  await clock.advance(1_000);
  await stopping;
  expect(isStopped).toBe(true);
});

test('a flood of alarms is looked through fifty times a second, and the first and the last of it count', async () => {
  const { clock, outputs, sirenPin, viewOf } = rig();
  await outputs.replace([siren]);
  let looks = 0;
  const standing: StandingAlarm[] = [];
  for (let number = 1; number <= 1_000; number += 1) {
    standing.push({ ...urgent, alarm: `pump/a${number}`, call: `a${number}` });
    outputs.show(() => {
      looks += 1;
      return [...standing];
    });
    await clock.advance(1);
    if (number === 1) expect(sirenPin.isHigh).toBe(true);
  }
  await clock.advance(20);
  expect(viewOf('siren')?.alarms).toHaveLength(1_000);
  expect(looks).toBeGreaterThan(40);
  expect(looks).toBeLessThanOrEqual(51);
});
