import { createInterface } from 'node:readline/promises';
import type { CliContext } from './context.ts';

/** Whether somebody sits there who could be asked. */
export function canAsk({ in: input, err }: CliContext): boolean {
  return input.isTTY === true && err.isTTY === true;
}

/** A question that is answered with y or n; anything else, and Ctrl-C, is a no. */
export async function confirm(context: CliContext, question: string): Promise<boolean> {
  const lines = createInterface({ input: context.in, output: context.err });
  const closed = new Promise<string>(resolve => lines.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    lines.close();
  }
}
