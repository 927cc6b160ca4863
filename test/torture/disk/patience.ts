import { messageOf } from '../../../src/base/errors.ts';

/** `done`, or in words why it was not within the time. */
export function within(patienceMs: number, work: Promise<void>): Promise<string> {
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve(`nothing came of it for ${patienceMs} ms`), patienceMs);
    const settle = (outcome: string) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    work.then(
      () => settle('done'),
      (error: unknown) => settle(messageOf(error)),
    );
  });
}
