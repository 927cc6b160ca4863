import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { PlantroomError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import { runScenario } from '../../src/sim/scenario.ts';
import { startSimulator } from '../../src/sim/simulator.ts';
import { loadScenario, loadSite, type ScenarioEvent } from '../../src/site/site.ts';
import { settle, VirtualClock } from '../fakes/virtual-clock.ts';
import { sampleSite } from './sample-site.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function play(
  events: readonly ScenarioEvent[],
  plug: (bus: string, isPlugged: boolean) => Promise<void> = async () => {},
) {
  const clock = new VirtualClock();
  const log: string[] = [];
  const note = (text: string) => log.push(`${clock.monoMs() / 1_000} ${text}`);
  const stop = runScenario({
    events,
    clock,
    simulator: {
      startFault: (device, fault, forMs) => note(`${device} ${fault} ${forMs}`),
      clearFaults: device => {
        note(`clear ${device}`);
        return 1;
      },
      setPlugged: (bus, isPlugged) => {
        note(`${isPlugged ? 'plug' : 'unplug'} ${bus}`);
        return plug(bus, isPlugged);
      },
    },
    onHappened: text => log.push(`- ${text}`),
  });
  return { clock, log, stop, acts: () => log.filter(line => !line.startsWith('-')) };
}

const once = { everyMs: undefined, forMs: undefined };
const silent = { kind: 'fault', device: 'tank', fault: 'silent' } as const;

describe('a scenario', () => {
  test('lets each event happen at its time, however they are ordered', async () => {
    const { clock, acts } = play([
      { ...once, atMs: 30_000, happening: { kind: 'clear', device: 'tank' } },
      { ...once, atMs: 10_000, forMs: 5_000, happening: silent },
      { ...once, atMs: 20_000, forMs: 4_000, happening: { kind: 'unplug', bus: 'line-1' } },
    ]);
    await clock.advance(100_000);
    expect(acts()).toEqual(['10 tank silent 5000', '20 unplug line-1', '24 plug line-1', '30 clear tank']);
    expect(clock.pending).toBe(0);
  });

  test('repeats what it is told to repeat, without drifting', async () => {
    const { clock, acts } = play([{ atMs: 1_000, everyMs: 7_000, forMs: undefined, happening: silent }]);
    await clock.advance(30_000);
    expect(acts().map(line => line.split(' ')[0])).toEqual(['1', '8', '15', '22', '29']);
  });

  test('leaves out what went by while the machine slept', async () => {
    const { clock, acts } = play([{ atMs: 1_000, everyMs: 7_000, forMs: undefined, happening: silent }]);
    clock.freeze(20_000);
    await clock.advance(10_000);
    expect(acts().map(line => line.split(' ')[0])).toEqual(['20', '22', '29']);
  });

  test('goes on when a plug does not go in, and says why', async () => {
    const refuse = async () => {
      throw new PlantroomError('the port is taken', { kind: 'busy' });
    };
    const { clock, log } = play([{ ...once, atMs: 0, happening: { kind: 'plug', bus: 'line-1' } }], refuse);
    await clock.advance(1);
    expect(log).toContain('- line-1: the port is taken');
  });

  test('stops when it is told to', async () => {
    const { clock, acts, stop } = play([{ atMs: 1_000, everyMs: 7_000, forMs: undefined, happening: silent }]);
    await clock.advance(2_000);
    stop();
    await clock.advance(60_000);
    expect(acts()).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('makes and ends faults of a simulator, and pulls its plugs', async () => {
    const clock = new VirtualClock();
    const site = sampleSite([{ id: 'tank', unitId: 1, points: [{ id: 'x' }] }]);
    const simulator = await startSimulator({ site, clock, random: seededRandom(1), values: 'constant' });
    closers.push(() => simulator.stop());
    const log: string[] = [];
    const events: ScenarioEvent[] = [
      { ...once, atMs: 10_000, forMs: 5_000, happening: silent },
      { ...once, atMs: 12_000, happening: { kind: 'unplug', bus: 'bus' } },
    ];
    runScenario({ events, simulator, clock, onHappened: line => log.push(line) });
    await clock.advance(11_000);
    expect(simulator.faults()[0]?.active).toEqual([{ name: 'silent', leftMs: 4_000 }]);
    await clock.advance(5_000);
    await settle();
    expect(simulator.faults()[0]?.active).toEqual([]);
    expect(log).toEqual(['tank has silent', 'bus is unplugged']);
  });
});

test('the example fits the demo', async () => {
  const config = join(import.meta.dirname, '..', '..', 'config');
  const loaded = loadSite(join(config, 'demo.yaml'));
  if (loaded.kind !== 'ok') throw new Error('the demo site is wrong');
  const buses = loaded.site.buses.map(bus => (bus.protocol === 'modbus-tcp' ? { ...bus, port: 0 } : bus));
  const site = { ...loaded.site, buses };
  const clock = new VirtualClock();
  const simulator = await startSimulator({ site, clock, random: seededRandom(1), values: 'plant' });
  closers.push(() => simulator.stop());
  const result = loadScenario(join(config, 'scenario.yaml'), simulator.names);
  expect(result).toMatchObject({ kind: 'ok' });
});
