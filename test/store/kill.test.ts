import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { rigStanding } from './rig.ts';
import { numbersOf, openTestFile, range, temporaryFolder } from './sample-store.ts';
import { askShell } from './shell.ts';

const script = join(import.meta.dirname, 'committing-process.ts');

test('a gateway that is killed again and again keeps every event it acknowledged, and the states after them', async () => {
  const folder = temporaryFolder();
  const random = seededRandom(20_261_123);
  let acknowledged = 0;
  for (let cycle = 1; cycle <= 10; cycle += 1) {
    acknowledged = await commitUntilKilled(folder, 20 + Math.floor(random.next() * 300));
    expect(askShell(join(folder, 'plantroom.db'), 'pragma integrity_check')).toBe('ok');
  }
  const file = openTestFile(folder);
  const { id, lastEventNumber, setAside } = file.opened();
  // One event may have been committed without the word having got out.
  expect(lastEventNumber - acknowledged).toBeOneOf([0, 1]);
  expect(acknowledged).toBeGreaterThan(200);
  expect(setAside).toBeUndefined();
  const stored = range(0, Math.floor(lastEventNumber / 1_000)).flatMap(page =>
    numbersOf(file.alarmsAfter({ after: page * 1_000, limit: 1_000 })),
  );
  expect(stored).toEqual(range(1, lastEventNumber));
  const standing = file.alarmStates().map(({ occurrence }) => occurrence.replace(/^.*-/, ''));
  expect(standing.sort()).toEqual(
    rigStanding(lastEventNumber, id)
      .map(occurrence => occurrence.replace(/^.*-/, ''))
      .sort(),
  );
  file.close();
}, 60_000);

/** Kills the process as soon as it has acknowledged so many more events. Resolves with the last number it acknowledged. */
async function commitUntilKilled(folder: string, count: number): Promise<number> {
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let last = 0;
  let seen = 0;
  createInterface({ input: child.stdout }).on('line', line => {
    const [word, number] = line.split(' ');
    if (word !== 'acknowledged') return;
    last = Number(number);
    seen += 1;
    if (seen === count) child.kill('SIGKILL');
  });
  const ended = new Promise(resolve => child.once('close', resolve));
  await waitUntil(
    () => seen >= count,
    () => `only ${seen} of ${count} events were acknowledged`,
  );
  await ended;
  return last;
}
