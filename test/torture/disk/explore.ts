import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../../src/base/random.ts';
import { parseAccepted } from './accepted.ts';
import { createDiskModel } from './disk-model.ts';
import { type Findings, judgeStart, layOut } from './judge.ts';
import { makeLongStore } from './long-store.ts';
import { fastFolder, type Recording, recordStore } from './record.ts';

/** What was found in all starts of the store. */
export interface Tally {
  readonly starts: number;
  /** Starts that had lost an accepted event. */
  readonly lostIn: number;
  /** One line for each start that was not as it must be, those included. */
  readonly violations: readonly string[];
}

export interface ExploreOptions {
  /** Path of the compiled test/fixtures/disk.c. */
  readonly library: string;
  readonly starts: number;
  readonly random: Random;
  /** Flags for the Node of the recorded store. */
  readonly flags: readonly string[];
  readonly say: (line: string) => void;
}

interface Kind {
  readonly isLong: boolean;
  readonly isFlaky: boolean;
  /** Of one recording, before the next is made. */
  readonly starts: number;
}

/** A store that is made; one on a disk whose syncs fail now and then; one whose log is so long that it is cut. */
const kinds: readonly Kind[] = [
  { isLong: false, isFlaky: false, starts: 1_000 },
  { isLong: false, isFlaky: true, starts: 500 },
  { isLong: true, isFlaky: false, starts: 200 },
];

/** Fewer are not worth a recording. */
const leastStarts = 90;

/** Of the starts that are looked at thoroughly, which takes twice the time. */
const thoroughShare = 0.2;

export async function explore({ library, starts, random, flags, say }: ExploreOptions): Promise<Tally> {
  const found: (string | undefined)[] = [];
  let lostIn = 0;
  using long = makeLongStore();
  while (found.length < starts) {
    for (const kind of kinds) {
      if (found.length >= starts) break;
      const { isFlaky } = kind;
      const from = kind.isLong ? { from: long.folder } : {};
      const recording = await recordStore({ ...from, isFlaky, library, flags, random, processes: 4, eventsEach: 150 });
      const share = Math.max(leastStarts, Math.ceil(starts / kinds.length));
      const count = Math.min(kind.starts, share, starts - found.length);
      for (const { findings, where } of cutOften(recording, isFlaky, count, random)) {
        if (findings.lost > 0) lostIn += 1;
        found.push(inWords(findings, where));
      }
      say(`${found.length} of ${starts} starts, ${lostIn} had lost something`);
    }
  }
  return { starts: found.length, lostIn, violations: found.filter(text => text !== undefined) };
}

function inWords({ lost, broken }: Findings, where: string): string | undefined {
  if (lost > 0) return `${lost} accepted events are lost ${where}`;
  return broken.length > 0 ? `${broken.join('; ')} ${where}` : undefined;
}

/** Plays the recording once, and cuts the power at random moments on the way. */
function* cutOften(
  recording: Recording,
  isFlaky: boolean,
  count: number,
  random: Random,
): Generator<{ readonly findings: Findings; readonly where: string }> {
  const disk = createDiskModel(recording.start, random);
  const accepted = new Map<number, string>();
  const moments = pickMoments(recording, count, random);
  const home = fastFolder();
  const path = join(home, 'store');
  try {
    for (const [index, entry] of recording.entries.entries()) {
      disk.apply(entry);
      const told = entry.kind === 'noted' ? parseAccepted(entry.text) : undefined;
      if (told) accepted.set(told.number, told.id);
      for (; moments[0] === index; moments.shift()) {
        const { folder, how } = disk.cut(random);
        layOut(path, folder, random);
        const isThorough = random.next() < thoroughShare;
        const findings = judgeStart(path, accepted, { isThorough, mayReportLoss: isFlaky });
        yield { findings, where: `after entry ${index} (${how})` };
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
