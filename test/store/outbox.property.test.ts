import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoreFile } from '../../src/store/store-file.ts';
import { rigEvent, rigStanding, rigStateAfter } from './rig.ts';
import { numbersOf, openTestFile, range } from './sample-store.ts';

/** The plainest store that could be right: arrays. */
interface Model {
  id: string;
  last: number;
  cursors: Map<string, { sent: number; delivered: number }>;
}

interface Real {
  file: StoreFile;
  readonly folder: string;
}

type Step = (model: Model, real: Real) => void;

const open = (folder: string) => openTestFile(folder, { reserveBytes: 0 });

const commit = fc.integer({ min: 1, max: 4 }).map(
  (count): Step =>
    (model, { file }) => {
      const events = range(model.last + 1, model.last + count).map(number => rigEvent(number, 's'));
      const works = events.map(event => ({ events: [event], states: [rigStateAfter(event)] }));
      file.commitAlarms(works);
      // A write that was committed without the word getting out is repeated as it was.
      if (count % 2 === 0) file.commitAlarms(works);
      model.last += count;
    },
);

/** Also backwards, and beyond what is stored: an event in memory may have been sent while the disk refused it. */
const place = fc.tuple(fc.nat(30), fc.nat(30)).map(([sent, delivered]) => ({
  sent: Math.max(sent, delivered),
  delivered: Math.min(sent, delivered),
}));
const moveCursors = fc.dictionary(fc.constantFrom('platform', 'second', 'third'), place, { noNullPrototype: true }).map(
  (places): Step =>
    (model, { file }) => {
      const cursors = Object.entries(places).map(([uplink, cursor]) => ({ uplink, ...cursor }));
      model.cursors = new Map(
        cursors.map(({ uplink, sent, delivered }) => [
          uplink,
          { sent: Math.min(sent, model.last), delivered: Math.min(delivered, model.last) },
        ]),
      );
      const stored = file.writeCursors(cursors);
      expect(new Map(stored.map(({ uplink, sent, delivered }) => [uplink, { sent, delivered }]))).toEqual(
        model.cursors,
      );
    },
);

const restart = fc.constant<Step>((_, real) => {
  real.file.close();
  real.file = open(real.folder);
});

function compare(model: Model, { file }: Real, after: number, limit: number): void {
  const stored = file.alarmsAfter({ after, limit });
  expect(numbersOf(stored)).toEqual(range(after + 1, model.last).slice(0, limit));
  expect(numbersOf(file.alarmLog({ limit: 100 }))).toEqual(range(1, model.last).reverse().slice(0, 100));
  expect(
    file
      .alarmStates()
      .map(({ occurrence }) => occurrence)
      .sort(),
  ).toEqual(rigStanding(model.last, 's'));
  const { owed = [] } = file.figures() ?? {};
  expect(new Map(owed.map(({ uplink, events }) => [uplink, events]))).toEqual(
    new Map([...model.cursors].map(([uplink, { delivered }]) => [uplink, model.last - delivered])),
  );
  expect(file.opened()).toMatchObject({ id: model.id, lastEventNumber: model.last, loss: undefined });
}

test('whatever happens in whatever order, what was committed is there, and each uplink is where it was left', () => {
  const steps = fc.array(fc.oneof(commit, moveCursors, restart), { maxLength: 25 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 10 }), (taken, after, limit) => {
      const folder = mkdtempSync(join(tmpdir(), 'plantroom-store-'));
      const real: Real = { folder, file: open(folder) };
      try {
        const { id } = real.file.opened();
        const cursors = new Map();
        const model: Model = { id, last: 0, cursors };
        for (const step of taken) {
          step(model, real);
          compare(model, real, after, limit);
        }
      } finally {
        real.file.close();
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
