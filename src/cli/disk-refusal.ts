import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';

/** Does something with files. What the disk or the rights are to blame for becomes a PlantroomError `storage`. */
export async function orDiskRefusal<Result>(doing: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (thrown) {
    const code = codeOf(thrown) ?? '';
    if (!/^(ENOSPC|EDQUOT|EIO|EROFS|EACCES|EPERM|EFBIG|ENOTDIR|ENOENT|EXDEV)$/.test(code)) throw thrown;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    throw new PlantroomError(`${doing} failed: ${messageOf(thrown)}`, {
      kind: 'storage',
      hint: isFull ? 'the disk is full: free some space, or use another one' : 'look at the disk and at its rights',
      cause: thrown,
    });
  }
}
