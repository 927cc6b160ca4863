import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { compileLibraries } from '../bench/compile.ts';
import { createDiskModel } from './disk/disk-model.ts';
import { type Findings, judgeStart, layOut } from './disk/judge.ts';
import { makeLongStore } from './disk/long-store.ts';
import { fastFolder, type Recording, recordStore } from './disk/record.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * Power cuts, thought through: everything the real store does to its disk is recorded, and then played up to a random
 * moment. What was synced by then is there; of what was not, nothing, all, a part, or single sectors of it. The real store
 * is started on what is left. One run is one such start.
 *
 * The same is done with a store that commits with synchronous=NORMAL. It must lose events, or the run is blind.
 */

/** A fresh recording after so many starts. */
const startsPerRecording = 1_000;
/** Of so many recordings one is of a store whose log is so long that it is cut. */
const longEvery = 4;

/** Of the starts that are looked at thoroughly, which takes twice the time. */
const thoroughShare = 0.2;

interface Tally {
  starts: number;
  lostIn: number;
  readonly violations: string[];
}

export async function torture({ runs = 20_000, seed, say }: TortureOptions): Promise<Verdict> {
  using libraries = compileLibraries('disk');
  const library = libraries.path('disk');
  const random = seededRandom(seed);
  const beganMono = performance.now();
  const full = await explore({ library, runs, random, flags: [], say });
  const seconds = (performance.now() - beganMono) / 1_000;
  say(`${full.starts} starts, now the same with synchronous=NORMAL`);
  const controlRuns = Math.max(100, Math.floor(runs / 10));
  const flags = ['--import', join(import.meta.dirname, 'disk/commit-carelessly.mjs')];
  const normal = await explore({ library, runs: controlRuns, random, flags, say });
  const violations = full.violations.slice(0, 20);
  if (normal.lostIn === 0) violations.push('a store with synchronous=NORMAL lost nothing: this run would see no loss');
  return {
    counts: {
      starts: full.starts,
      'starts that had lost an accepted event': full.lostIn,
      'starts that found something broken': full.violations.length - full.lostIn,
      'starts per second': Math.round(full.starts / seconds),
      'with synchronous=NORMAL: starts': normal.starts,
      'with synchronous=NORMAL: starts that had lost an accepted event': normal.lostIn,
      'with synchronous=NORMAL: starts that found something broken': normal.violations.length - normal.lostIn,
    },
    violations,
  };
}

interface ExploreOptions {
  readonly library: string;
  readonly runs: number;
  readonly random: Random;
  readonly flags: readonly string[];
  readonly say: TortureOptions['say'];
}

async function explore({ library, runs, random, flags, say }: ExploreOptions): Promise<Tally> {
  const tally: Tally = { starts: 0, lostIn: 0, violations: [] };
  using long = makeLongStore();
  for (let round = 1; tally.starts < runs; round += 1) {
    const isLong = round % longEvery === 0;
    const from = isLong ? { from: long.folder } : {};
    const recording = await recordStore({ ...from, library, flags, random, processes: 4, eventsEach: 150 });
    cutOften(recording, Math.min(startsPerRecording, runs - tally.starts), random, tally);
    say(`${tally.starts} of ${runs} starts, ${tally.lostIn} lost something, ${tally.violations.length} violations`);
  }
  return tally;
}

/** Plays the recording once, and cuts the power at random moments on the way. */
function cutOften(recording: Recording, count: number, random: Random, tally: Tally): void {
  const disk = createDiskModel(recording.start, random);
  const accepted = new Map<number, string>();
  const moments = pickMoments(recording, count, random);
  const home = fastFolder();
  try {
    for (const [index, entry] of recording.entries.entries()) {
      disk.apply(entry);
      if (entry.kind === 'noted') noteAccepted(accepted, entry.text);
      for (; moments[0] === index; moments.shift()) {
        const { folder, how } = disk.cut(random);
        const path = join(home, 'store');
        layOut(path, folder, random);
        const isThorough = random.next() < thoroughShare;
        tallyUp(tally, judgeStart(path, accepted, isThorough), `after entry ${index} (${how})`);
      }
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * Two of three at any moment; the others where names or the database itself wait for a sync, which is rare beside the
 * commits into the write-ahead file. In order.
 */
function pickMoments({ start, entries }: Recording, count: number, random: Random): number[] {
  const disk = createDiskModel(start, random);
  const busy = entries.flatMap((entry, index) => {
    disk.apply(entry);
    return disk.unsynced().some(name => name === '' || name.endsWith('.db')) ? [index] : [];
  });
  const pick = () => {
    const isBusy = busy.length > 0 && random.next() < 1 / 3;
    return isBusy ? (busy[Math.floor(random.next() * busy.length)] ?? 0) : Math.floor(random.next() * entries.length);
  };
  return Array.from({ length: count }, pick).sort((one, other) => one - other);
}

function noteAccepted(accepted: Map<number, string>, text: string): void {
  const [, number, id] = /^accepted (\d+) (\S+)$/.exec(text) ?? [];
  if (number !== undefined && id !== undefined) accepted.set(Number(number), id);
}

function tallyUp(tally: Tally, { lost, broken }: Findings, where: string): void {
  tally.starts += 1;
  if (lost > 0) tally.lostIn += 1;
  if (lost > 0) tally.violations.push(`${lost} accepted events are lost ${where}`);
  else if (broken.length > 0) tally.violations.push(`${broken.join('; ')} ${where}`);
}
