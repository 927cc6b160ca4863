import { PlantroomError } from '../base/errors.ts';
import type { CliContext } from './context.ts';

const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Lets a verb run until it ends or is told to end: a signal aborts it, and no more. What it was doing is then its own to
 * finish.
 */
export async function untilSignal<Result>(
  context: CliContext,
  run: (quit: AbortController) => Promise<Result>,
): Promise<Result> {
  const quit = new AbortController();
  const onSignal = () => quit.abort();
  for (const signal of endSignals) context.signals.on(signal, onSignal);
  try {
    return await run(quit);
  } finally {
    for (const signal of endSignals) context.signals.off(signal, onSignal);
  }
}

/**
 * Lets a verb do something long that a signal ends: what it throws then is not a failure of ours.
 *
 * @throws PlantroomError `interrupted`
 */
export function stoppable<Result>(context: CliContext, run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  return untilSignal(context, async ({ signal }) => {
    try {
      return await run(signal);
    } catch (thrown) {
      if (!signal.aborted || !(thrown instanceof Error) || thrown.name !== 'AbortError') throw thrown;
      throw new PlantroomError('stopped before the end', {
        kind: 'interrupted',
        hint: 'nothing was changed, and nothing is left behind; give the command again',
      });
    }
  });
}
