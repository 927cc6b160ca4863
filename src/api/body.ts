import { PlantroomError } from '../base/errors.ts';

/* Parts of a question that came over the socket. What is wrong is a PlantroomError of kind `usage`. */

export function objectOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return { ...value };
  throw usage(`${name} must be an object`);
}

export function whole(value: unknown, name: string, lowest: number, highest: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= lowest && value <= highest) return value;
  throw usage(`${name} must be a whole number from ${lowest} to ${highest}`);
}

export function usage(message: string): PlantroomError {
  return new PlantroomError(message, { kind: 'usage', hint: 'docs/cli.md shows a question' });
}
