import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stepHost, unknownHost } from '../../../src/uplink/sparkplug/host.ts';

const say = (online: boolean, timestamp: number) => JSON.stringify({ online, timestamp });

function verdicts(...messages: string[]) {
  let state = unknownHost;
  return messages.map(message => {
    const step = stepHost(state, message);
    state = step.state;
    return step.verdict;
  });
}

test('the first STATE counts, whatever its time', () => {
  expect(verdicts(say(true, 5))).toEqual(['online']);
  expect(verdicts(say(false, 5))).toEqual(['offline']);
});

test('the will of an earlier connection of the host, which comes late, takes nobody off line', () => {
  expect(verdicts(say(true, 1_000), say(false, 900), say(false, 1_000))).toEqual(['online', 'outdated', 'offline']);
});

test('a birth older than the death that counted does not count either', () => {
  expect(verdicts(say(false, 1_000), say(true, 999), say(true, 1_000))).toEqual(['offline', 'outdated', 'online']);
});

test.each([
  'ONLINE',
  'OFFLINE',
  '',
  'null',
  '[]',
  '{"online":true}',
  '{"online":"true","timestamp":1}',
  '{"online":true,"timestamp":"1"}',
  '{"online":true,"timestamp":1e999}',
])('%s is no STATE of Sparkplug 3.0 and changes nothing', message => {
  expect(verdicts(say(true, 10), message, say(false, 9))).toEqual(['online', 'unreadable', 'outdated']);
});

test('of messages in any order the newest that was heard decides, and of equal times the last', () => {
  const message = fc.record({ online: fc.boolean(), timestamp: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 30 }), messages => {
      const { state } = messages.reduce((step, message) => stepHost(step.state, JSON.stringify(message)), {
        state: unknownHost,
      });
      const newest = Math.max(...messages.map(({ timestamp }) => timestamp));
      const decided = messages.findLast(({ timestamp }) => timestamp === newest);
      expect(state).toEqual({ isOnline: decided?.online, at: newest });
    }),
  );
});
