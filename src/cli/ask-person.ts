import { createInterface } from 'node:readline/promises';
import type { CliContext } from './context.ts';

/** Whether somebody sits there who could be asked. */
export function canAsk({ in: input, err }: CliContext): boolean {
  return input.isTTY === true && err.isTTY === true;
}

/**
 * A question that is answered with y or n; anything else, and Ctrl-C, is a no.
 *
 * @param signal ends the question as a no
 */
export async function confirm(context: CliContext, question: string, signal?: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: context.in, output: context.err });
  const closed = new Promise<string>(resolve => lines.once('close', () => resolve('')));
  signal?.addEventListener('abort', () => lines.close());
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    lines.close();
  }
}
