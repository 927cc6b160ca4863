import { describe, expect, test } from 'vitest';
import { type Story, type StoryInput, stepStory } from '../../src/cli/demo/story.ts';
import type { DeviceFaultsView } from '../../src/sim/fault-desk.ts';

function faultsOf(active: Readonly<Record<string, string>>): DeviceFaultsView[] {
  return Object.entries(active).map(([device, name]) => ({
    device,
    name: device,
    active: [{ name, leftMs: 1_000 }],
    possible: [],
  }));
}

/** Plays the story in half seconds; notes when which act begins, and keeps its fault on while it lasts. */
function play(seconds: number, more: (nowMono: number) => Partial<StoryInput> = () => ({})) {
  const begun: string[] = [];
  let story: Story = { kind: 'opening' };
  for (let nowMono = 0; nowMono < seconds * 1_000; nowMono += 500) {
    const own = story.kind === 'acting' ? faultsOf({ [story.act.device]: story.act.fault }) : [];
    const input = { nowMono, startMono: 0, isPlantSeen: nowMono >= 1_000, faults: own, ...more(nowMono) };
    const step = stepStory(story, input);
    story = step.story;
    if (step.begins) begun.push(`${nowMono / 1_000} s ${step.begins.device} ${step.begins.fault}`);
  }
  return { begun, story };
}

describe('the story of the demo', () => {
  test('breaks a pipe after six seconds, and then something small about every minute, for ever', () => {
    expect(play(370).begun).toEqual([
      '6 s booster pipe-burst',
      '67 s feeder undervoltage',
      '130 s booster pump-trip',
      '195 s lift lift-stuck',
      '265 s feeder silent',
      '340 s tank tank-overflow',
    ]);
    expect(play(3_600).begun.length).toBeGreaterThan(50);
  });

  test('waits for a gateway that is slow to see the plant, and lets it see three calm seconds', () => {
    expect(play(30, nowMono => ({ isPlantSeen: nowMono >= 20_000 })).begun).toEqual(['23 s booster pipe-burst']);
  });

  test('makes nothing break while the gateway does not see the plant', () => {
    expect(play(100, () => ({ isPlantSeen: false })).begun).toEqual([]);
  });

  test('is over as soon as a person breaks something, even beside a fault of its own', () => {
    const early = play(300, nowMono => (nowMono === 30_000 ? { faults: faultsOf({ feeder: 'phase-loss' }) } : {}));
    expect(early).toEqual({ begun: ['6 s booster pipe-burst'], story: { kind: 'over' } });
    const beside = play(300, nowMono =>
      nowMono === 8_000 ? { faults: faultsOf({ booster: 'pipe-burst', tank: 'tank-leak' }) } : {},
    );
    expect(beside.story).toEqual({ kind: 'over' });
  });

  test('of another plant breaks what that can have, one after the other', () => {
    const possible = (...names: readonly string[]) => [
      { name: 'silent', description: '', where: 'wire' as const },
      ...names.map(name => ({ name, description: '', where: 'plant' as const })),
    ];
    const plant: readonly DeviceFaultsView[] = [
      { device: 'lift-1', name: 'Lift 1', active: [], possible: possible('lift-stuck', 'lift-door-held') },
      { device: 'board', name: 'Board', active: [], possible: possible() },
      { device: 'escalator', name: 'Escalator', active: [], possible: possible('comb-plate') },
    ];
    expect(play(400, () => ({ faults: plant })).begun).toEqual([
      '6 s lift-1 lift-stuck',
      '106 s lift-1 lift-door-held',
      '206 s escalator comb-plate',
      '306 s lift-1 lift-stuck',
    ]);
    const wires = [{ device: 'board', name: 'Board', active: [], possible: possible() }];
    expect(play(400, () => ({ faults: wires })).begun).toEqual([]);
  });

  test('goes on when a person mends what the story broke', () => {
    expect(play(80, nowMono => (nowMono === 8_000 ? { faults: [] } : {})).begun).toHaveLength(2);
  });
});
