import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf, messageOf, PlantroomError } from '../../base/errors.ts';
import type { CliContext } from '../context.ts';
import { explainProblems, readSite, wrongSite } from '../site-file.ts';

/** A site file as it was read, with links followed. */
export interface SiteText {
  /** As the person said it. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** @throws PlantroomError `not-found` */
export function readSiteText(name: string): SiteText {
  try {
    const path = realpathSync(name);
    return { name, path, text: readFileSync(path, 'utf8') };
  } catch (thrown) {
    throw new PlantroomError(`${name} cannot be read: ${messageOf(thrown)}`, {
      kind: 'not-found',
      hint: 'name the site file with --site FILE',
      cause: thrown,
    });
  }
}

/**
 * Puts another text in the place of a site file, once it is known to be right: it is written beside it, checked there, and
 * takes its name in one step. Who reads the file sees the old one or the new one.
 *
 * @param write asked when the new text is right; false leaves everything as it was
 * @returns whether it was written
 * @throws PlantroomError `site` when the new text is wrong, `busy` when somebody changed the file meanwhile, `refused` when we may
 *   not write to it, or could not leave it to whom it belongs
 */
export async function replaceSite(
  context: CliContext,
  site: SiteText,
  text: string,
  write: () => Promise<boolean>,
): Promise<boolean> {
  const draft = join(dirname(site.path), `.${basename(site.path)}.new`);
  try {
    writeDraft(draft, text, site.path);
    await checkDraft(context, draft, site);
    if (!(await write())) return false;
    if (readFileSync(site.path, 'utf8') !== site.text) throw changedMeanwhile(site);
    renameSync(draft, site.path);
    return true;
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDraft(draft: string, text: string, like: string): void {
  try {
    // Who may write to the folder could put another file in the place of one that is not to be written.
    accessSync(like, constants.W_OK);
    rmSync(draft, { force: true });
    const { mode, uid, gid } = statSync(like);
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 });
    const own = statSync(draft);
    // A file of another group may be one that the daemon cannot read.
    if (own.uid !== uid || own.gid !== gid) chownSync(draft, uid, gid);
    chmodSync(draft, mode & 0o7777);
    const handle = openSync(draft, 'r');
    fsyncSync(handle);
    closeSync(handle);
  } catch (thrown) {
    throw new PlantroomError(`${like} cannot be replaced: ${messageOf(thrown)}`, {
      kind: codeOf(thrown) === 'EACCES' || codeOf(thrown) === 'EPERM' ? 'refused' : 'storage',
      hint: 'use sudo, or copy the file to a folder of your own and name it with --site',
      cause: thrown,
    });
  }
}

async function checkDraft(context: CliContext, draft: string, { name }: SiteText): Promise<void> {
  const { site, problems } = await readSite(draft);
  if (site) return;
  const named = problems.map(problem => (problem.file === draft ? { ...problem, file: name } : problem));
  context.err.write(`${(await explainProblems(named)).join('\n')}\n`);
  throw wrongSite(problems, `${name}, with what was to be added,`);
}

function changedMeanwhile({ name }: SiteText): PlantroomError {
  return new PlantroomError(`${name} was changed by somebody else meanwhile`, {
    kind: 'busy',
    hint: 'nothing was written; give the command again',
  });
}
