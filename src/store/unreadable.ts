import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';

/** What the command line says of a store that it cannot look at. */
export function unreadable(path: string, thrown: unknown): PlantroomError {
  if (thrown instanceof PlantroomError) return thrown;
  const isAccess = /^SQLITE_(CANTOPEN|READONLY|PERM)/.test(codeOf(thrown) ?? '');
  return new PlantroomError(`${path} cannot be read: ${messageOf(thrown)}`, {
    kind: 'storage',
    hint: isAccess ? 'run it as the user of the daemon, or as root' : 'plantroom status tells how the store is doing',
    cause: thrown,
  });
}
