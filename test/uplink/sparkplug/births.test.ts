import { expect, test } from 'vitest';
import type { Site } from '../../../src/model/site.ts';
import { pipeLimits } from '../../../src/uplink/pipe.ts';
import { settle } from '../../fakes/virtual-clock.ts';
import { World } from './world.ts';

/** A site of so many pumps. */
function manyPumps(site: Site, count: number): Site {
  const pump = site.devices.find(({ id }) => id === 'pump');
  if (!pump) throw new Error('no pump');
  const clones = Array.from({ length: count }, (_, index) => {
    const points = Array.from({ length: 40 }, (_, point) => ({ ...pump.points[0], id: `p${point}` }));
    return { ...pump, id: `pump-${index}`, points };
  });
  return { ...site, devices: [...site.devices, ...(clones as Site['devices'])] };
}

async function bigWorld(): Promise<World> {
  const world = new World(undefined);
  world.plant.current = manyPumps(world.plant.current, 150);
  await world.start();
  world.broker.admit();
  await settle();
  return world;
}

function topicsOf(world: World): readonly string[] {
  return world.broker.unread.map(({ topic }) => topic.split('/').slice(2).join(' ').replace('pump-room-1', ''));
}

test('the births of a large site are not put on the line all at once, and all of them arrive', async () => {
  const world = await bigWorld();
  let most = 0;
  while (world.broker.unread.length > 0) {
    const bytes = world.broker.unread.reduce((sum, { payload }) => sum + payload.length, 0);
    most = Math.max(most, bytes);
    world.broker.read();
    await settle();
  }
  const longest = 12_000;
  expect(most).toBeLessThan(pipeLimits.mostBytes + longest);
  expect(world.host.devices).toHaveLength(154);
  expect(world.host.objections).toEqual([]);
  await world.stop();
});

test('on a line that has proved nothing yet only one or two births wait for the broker', async () => {
  const world = await bigWorld();
  const bytes = world.broker.unread.map(({ payload }) => payload.length);
  expect(bytes.slice(0, -1).reduce((sum, one) => sum + one, 0)).toBeLessThan(pipeLimits.firstBytes);
  await world.stop();
});

test('an alarm does not wait for the births of all devices: it brings along the one of its own', async () => {
  const world = await bigWorld();
  await world.play({ kind: 'read', count: 1 });
  // Lost for no host: the device of the alarm may not have been born yet.
  await world.play({ kind: 'loss', device: 'lift' });
  const before = world.host.births;
  let reads = 0;
  while (world.host.events.size === 0) {
    world.broker.read();
    await settle();
    reads += 1;
  }
  expect(before).toBe(1);
  expect(reads).toBeLessThan(10);
  expect(world.host.objections).toEqual([]);
  while (world.broker.unread.length > 0) await world.play({ kind: 'read', count: 1 });
  expect(world.host.devices).not.toContain('lift');
  expect(topicsOf(world)).toEqual([]);
  await world.stop();
});
