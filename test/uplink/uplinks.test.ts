import { expect, test } from 'vitest';
import type { UplinkSettings } from '../../src/model/site.ts';
import type { Uplink } from '../../src/uplink/uplink.ts';
import { createUplinks } from '../../src/uplink/uplinks.ts';
import { settle } from '../fakes/virtual-clock.ts';
import { Rig } from './rig.ts';
import { settingsFor } from './samples.ts';

/** Uplinks that write down what is done to them. */
function watched() {
  const done: string[] = [];
  const open = ({ id, urls }: UplinkSettings): Uplink => {
    const name = `${id} ${urls}`;
    return {
      start: () => done.push(`start ${name}`),
      stop: async () => {
        await settle();
        done.push(`stopped ${name}`);
      },
      notify: () => done.push(`notify ${name}`),
      rebirth: () => done.push(`rebirth ${name}`),
      refresh: () => done.push(`refresh ${name}`),
      figures: () => ({ state: 'connected', url: urls[0] ?? '', lastFailure: null, cursor: undefined, ignored: 0 }),
    };
  };
  return { done, uplinks: createUplinks(open) };
}

const owner = settingsFor(1, { id: 'owner', urls: ['a'] });
const city = settingsFor(1, { id: 'city', urls: ['b'] });

test('a change of the site file touches only the uplinks that it changes, the old one ended before the new begins', async () => {
  const { done, uplinks } = watched();
  await uplinks.replace([owner, city]);
  done.splice(0);
  await uplinks.replace([{ ...owner }, { ...city, urls: ['c'] }]);
  expect(done.filter(line => !line.startsWith('start owner'))).toEqual(['stopped city b', 'start city c']);
  expect(uplinks.figures().map(({ settings }) => `${settings.id} ${settings.urls}`)).toEqual(['owner a', 'city c']);
  done.splice(0);
  await uplinks.replace([city]);
  expect(done.filter(line => line.startsWith('stopped'))).toEqual(['stopped owner a', 'stopped city c']);
  await uplinks.stop();
  expect(uplinks.figures()).toEqual([]);
});

test('all of them are told of what is new', async () => {
  const { done, uplinks } = watched();
  await uplinks.replace([owner, city]);
  done.splice(0);
  uplinks.notify();
  uplinks.refresh();
  expect(done).toEqual(['notify owner a', 'notify city b', 'refresh owner a', 'refresh city b']);
});

test('each sends everything from an outbox of its own, and one that is cut off does not hold the other up', async () => {
  const [one, other] = [await Rig.connected(), await Rig.connected()];
  one.broker.cut();
  for (const rig of [one, other]) rig.addAlarms(3);
  await other.answerAll();
  expect([one.outbox.cursor.sent, other.outbox.cursor.sent]).toEqual([0, 3]);
  await one.clock.advance(1_000);
  await one.admit();
  await one.answerAll();
  expect(one.outbox.cursor.sent).toBe(3);
});
