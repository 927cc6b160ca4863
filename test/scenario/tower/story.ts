import { join } from 'node:path';
import type { Site } from '../../../src/model/site.ts';
import { loadSite } from '../../../src/site/site.ts';
import { startChain, type Told } from './chain.ts';
import { createTower, measureTower, stepTower } from './tower.ts';

/** What happens to the tower, and which alarms people want to see of it. Times in seconds from the start. */
export interface Story {
  readonly faults: readonly (readonly [fault: string, fromS: number, toS?: number])[];
  /** Each alarm that is raised, and when at the earliest and at the latest; nothing else may be raised. */
  readonly expected: readonly (readonly [alarm: string, fromS: number, toS: number])[];
  readonly untilS: number;
  /** How often everything is read. Left out: 1 s. */
  readonly everyS?: number;
  readonly startHour?: number;
  /** Ids of the devices that are read: a long story is about one of them. Left out: all. */
  readonly reads?: readonly string[];
}

const startAt = Date.UTC(2026, 5, 1);

function loadTower(): Site {
  const loaded = loadSite(join(import.meta.dirname, '../../../config/example-tower.yaml'));
  if (loaded.kind === 'wrong') throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.site;
}

const site = loadTower();

/** Plays a story. @param jumpMs by how much the wall clock jumps in the middle */
export function playStory(story: Story, jumpMs = 0): readonly Told[] {
  const chain = startChain(site);
  const { everyS = 1, startHour = 10, reads } = story;
  const devices = site.devices.filter(({ id, unitId }) => unitId !== undefined && (reads?.includes(id) ?? true));
  let tower = createTower();
  for (let atS = 0; atS <= story.untilS; atS += everyS) {
    const active = story.faults.filter(([, fromS, toS = Number.POSITIVE_INFINITY]) => atS >= fromS && atS < toS);
    const faults = new Set(active.map(([fault]) => fault));
    tower = stepTower(tower, faults, (startHour + atS / 3_600) % 24, everyS);
    const wall = startAt + startHour * 3_600_000 + atS * 1_000 + (atS >= story.untilS / 2 ? jumpMs : 0);
    const readings = measureTower(tower, faults);
    for (const [index, device] of devices.entries()) {
      chain.read(device, readings.get(device.id), atS * 1_000 + index, wall + index);
    }
  }
  return chain.told;
}

/** The alarms that were raised, with their seconds. */
export function raisesOf(told: readonly Told[]): readonly (readonly [alarm: string, atS: number])[] {
  return told.filter(({ kind }) => kind === 'raised').map(({ alarm, mono }) => [alarm, Math.floor(mono / 1_000)]);
}
