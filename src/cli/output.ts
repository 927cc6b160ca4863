import type { CliContext } from './context.ts';

/** One JSON document on standard output, two spaces deep. */
export function printJson(context: CliContext, value: unknown): void {
  context.out.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** One JSON document on one line, for output that goes on. */
export function printJsonLine(context: CliContext, value: unknown): void {
  context.out.write(`${JSON.stringify(value)}\n`);
}

export function printLines(context: CliContext, lines: readonly string[]): void {
  if (lines.length > 0) context.out.write(`${lines.join('\n')}\n`);
}
