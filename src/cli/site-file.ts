import type { Writable } from 'node:stream';
import { PlantroomError } from '../base/errors.ts';
import type { Site } from '../model/site.ts';
import type { Place, SiteProblem } from '../site/site.ts';
import type { SiteLoader } from '../site/site-loader.ts';
import { escapeText } from './render/text.ts';
import { countOf } from './render/words.ts';

/** What a site file holds, or what is wrong with it. */
export interface SiteReport {
  readonly site: Site | undefined;
  /** What loadSite found, errors and warnings. */
  readonly problems: readonly SiteProblem[];
  /** Where each bus is written, by its id; empty where the file is wrong. */
  readonly busPlaces: ReadonlyMap<string, Place>;
}

/** A site that a daemon runs, and how it reads the file again. */
export interface LoadedSite {
  readonly site: Site;
  readonly loadSite: SiteLoader['load'];
  readonly warnings: readonly string[];
}

/**
 * Loads the site of a daemon. What is wrong with it is listed on `output` first.
 *
 * @throws PlantroomError `site`
 */
export async function loadApartOrExplain(output: Writable, sitePath: string): Promise<LoadedSite> {
  const { createSiteLoader, formatProblem } = await import('../site/site-loader.ts');
  const { load } = createSiteLoader(sitePath);
  const loaded = await load();
  if (loaded.kind === 'ok') return { site: loaded.site, loadSite: load, warnings: loaded.warnings.map(formatProblem) };
  output.write(`${linesOf(loaded.problems.map(formatProblem)).join('\n')}\n`);
  throw wrongSite(loaded.problems, sitePath);
}

/** Loads a site file, by the path as the person gave it. The schema and the YAML parser are only loaded by the verbs that need them. */
export async function readSite(sitePath: string): Promise<SiteReport> {
  const { loadSite } = await import('../site/site.ts');
  const loaded = loadSite(sitePath);
  if (loaded.kind === 'wrong') return { site: undefined, problems: loaded.problems, busPlaces: new Map() };
  return { site: loaded.site, problems: loaded.warnings, busPlaces: loaded.busPlaces };
}

/**
 * Loads a site file that has to be right. What is wrong with it is listed on `output` first.
 *
 * @throws PlantroomError `site`
 */
export async function loadSiteOrExplain(output: Writable, sitePath: string): Promise<Site> {
  const { site, problems } = await readSite(sitePath);
  if (site) return site;
  output.write(`${(await explainProblems(problems)).join('\n')}\n`);
  throw wrongSite(problems, sitePath);
}

/** For people: `file:line:column: …`, one or two lines each. */
export async function explainProblems(problems: readonly SiteProblem[]): Promise<readonly string[]> {
  const { formatProblem } = await import('../site/site-loader.ts');
  return linesOf(problems.map(formatProblem));
}

/** Problems as lines that no terminal stumbles over. */
export function linesOf(texts: readonly string[]): string[] {
  return texts.flatMap(text => text.split('\n')).map(escapeText);
}

export function wrongSite(problems: readonly Pick<SiteProblem, 'severity'>[], sitePath: string): PlantroomError {
  const count = problems.filter(({ severity }) => severity === 'error').length;
  return new PlantroomError(`${sitePath} is wrong: ${countOf(count, 'problem')}`, {
    kind: 'site',
    hint: 'each line above says where it is and what to write instead',
  });
}
