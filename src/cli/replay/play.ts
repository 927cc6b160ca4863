import type { Replay } from '../../replay/replay.ts';
import type { CliContext } from '../context.ts';
import { createProgressBar } from '../render/progress-bar.ts';
import type { Source } from './source.ts';

/** Takes a whole recording through a replay, with a bar on standard error; a signal ends it between two steps. */
export async function playAll(
  context: CliContext,
  source: Source,
  replay: Pick<Replay, 'play'>,
  signal: AbortSignal,
): Promise<void> {
  const bar = createProgressBar(context);
  try {
    for await (const { minutes, done, total } of source.steps()) {
      for (const minute of minutes) replay.play(minute);
      bar.show('replayed', Math.min(done, total), total);
      await context.clock.sleep(0);
      signal.throwIfAborted();
    }
  } finally {
    bar.clear();
  }
}
