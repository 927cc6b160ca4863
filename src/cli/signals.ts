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
