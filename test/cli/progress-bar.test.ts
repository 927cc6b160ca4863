import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { createProgressBar } from '../../src/cli/render/progress-bar.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

function rig(isTTY: boolean) {
  const clock = new VirtualClock();
  const err = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns: 60 });
  let text = '';
  err.on('data', (chunk: string) => {
    text += chunk;
  });
  const bar = createProgressBar({ clock, err, env: {} } as Partial<CliContext> as CliContext);
  const drawn = () =>
    text
      .split('\r')
      .map(line => stripVTControlCharacters(line))
      .filter(line => line !== '');
  return { clock, bar, drawn };
}

test('a bar tells how far it is and how long it takes, ten times a second at most', async () => {
  const { clock, bar, drawn } = rig(true);
  for (let done = 0; done <= 50; done += 1) {
    bar.show('packing', done, 200);
    await clock.advance(20);
  }
  expect(drawn()).toEqual([
    '[                    ]   0 %  packing',
    '[█                   ]   2 %  packing · about 3.9s left',
    ...drawn().slice(2, -1),
    '[█████               ]  25 %  packing · about 3.0s left',
  ]);
  expect(drawn()).toHaveLength(11);
  for (const line of drawn()) expect(line.length).toBeLessThan(60);
});

test('a bar begins anew with what is done next, and is nowhere but on a terminal', async () => {
  const { clock, bar, drawn } = rig(true);
  bar.show('copying', 90, 100);
  await clock.advance(10);
  bar.show('packing', 0, 0);
  bar.clear();
  expect(drawn().map(line => line.slice(22))).toEqual([
    '  90 %  copying · about 0ms left',
    ' 100 %  packing · about 0ms left',
  ]);
  const quiet = rig(false);
  quiet.bar.show('copying', 1, 2);
  quiet.bar.clear();
  expect(quiet.drawn()).toEqual([]);
});
