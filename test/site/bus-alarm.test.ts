import { expect, test } from 'vitest';
import type { CommunicationRule } from '../../src/model/alarm.ts';
import { plainLife } from '../../src/model/alarm.ts';
import type { Device } from '../../src/model/device.ts';
import { buildBusAlarms } from '../../src/site/bus-alarm.ts';
import { communicationRule } from '../detect/plant.ts';
import { deviceWith } from '../fakes/scripted-bus.ts';

const line = {
  protocol: 'modbus-tcp',
  id: 'line',
  host: 'h',
  port: 502,
  connectTimeoutMs: 100,
  timeoutMs: 100,
  requestsInFlight: 1,
  deadDeviceShare: 0.1,
} as const;

function onLine(id: string): Device {
  return { ...deviceWith(id, [1_000]), bus: 'line' };
}

function ruleOf({ number, id }: Device, priority: CommunicationRule['priority'] = 'high'): CommunicationRule {
  return communicationRule({ device: number, key: `${id}/communication`, priority });
}

test('a bus of several devices has one alarm for all of them, as urgent as the most urgent of theirs', () => {
  const [pump, fan] = [onLine('pump'), onLine('fan')];
  const other = { ...deviceWith('lift', [1_000]), bus: 'other' };
  const rules = [ruleOf(pump, 'low'), ruleOf(fan, 'urgent'), ruleOf(other)];
  expect(buildBusAlarms([line, { ...line, id: 'other' }], [pump, fan, other], rules, 'en')).toEqual([
    {
      kind: 'bus-communication',
      key: 'bus:line/communication',
      bus: 'line',
      devices: [pump.number, fan.number],
      priority: 'urgent',
      message: 'no device of the bus line answers',
      onDelayMs: 0,
      offDelayMs: 0,
      life: plainLife,
    },
  ]);
});

test('a bus has no alarm where none of its devices has one, or only one device is read', () => {
  const [pump, fan] = [onLine('pump'), onLine('fan')];
  expect(buildBusAlarms([line], [pump, fan], [], 'en')).toEqual([]);
  expect(buildBusAlarms([line], [pump, { ...fan, points: [] }], [ruleOf(pump), ruleOf(fan)], 'en')).toEqual([]);
});

test('the alarm of a bus is about every device of it, also those that have none of their own', () => {
  const [pump, fan] = [onLine('pump'), onLine('fan')];
  const [rule] = buildBusAlarms([line], [pump, fan], [ruleOf(pump)], 'en');
  expect(rule?.devices).toEqual([pump.number, fan.number]);
});

test('the alarm of a bus is in the first-out group of its devices where they share one', () => {
  const [pump, fan] = [onLine('pump'), onLine('fan')];
  const inGroup = (device: Device, group: string | undefined) => ({ ...ruleOf(device), life: { ...plainLife, group } });
  const groupOf = (...rules: CommunicationRule[]) => buildBusAlarms([line], [pump, fan], rules, 'en')[0]?.life.group;
  expect(groupOf(inGroup(pump, 'supply'), inGroup(fan, 'supply'))).toBe('supply');
  expect(groupOf(inGroup(pump, 'supply'), inGroup(fan, 'water'))).toBeUndefined();
  expect(groupOf(inGroup(pump, 'supply'), inGroup(fan, undefined))).toBeUndefined();
});
