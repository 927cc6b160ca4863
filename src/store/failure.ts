import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { Failure } from './messages.ts';

/** What was thrown in a worker thread, in a form that can be cloned. */
export function toFailure(error: unknown): Failure {
  if (error instanceof PlantroomError) {
    const isPassing = error.kind === 'storage' || error.kind === 'busy';
    return { errorKind: error.kind, message: error.message, hint: error.hint, isPassing };
  }
  const code = codeOf(error) ?? '';
  const message = code === '' ? messageOf(error) : `${messageOf(error)} (${code})`;
  const isPassing = isOfDisk(code);
  return { errorKind: isPassing ? 'storage' : 'internal', message, hint: hintFor(code), isPassing };
}

/** SQLite's and the system's complaints about a disk; anything else says that the request was wrong. */
function isOfDisk(code: string): boolean {
  return (
    /^E[A-Z]+$/.test(code) ||
    /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|NOMEM|PROTOCOL|CORRUPT|NOTADB|PERM|NOLFS)/.test(code)
  );
}

function hintFor(code: string): string | undefined {
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return 'the disk is full: free some space';
  if (code.startsWith('SQLITE_IOERR')) return 'the disk fails: look into the system log, replace the card';
  if (code.startsWith('SQLITE_READONLY')) return 'the file or its file system is read-only';
  return undefined;
}
