import { siteLimits } from './limits.ts';

/** One thing that is wrong in a site file or a profile, and what to write instead. */
export interface SiteProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** The offending text, shortened. */
  readonly text: string;
  readonly message: string;
  readonly hint: string;
  readonly severity: 'error' | 'warning';
}

/** Where in which file. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** `file:line:column: error: what is wrong`, and indented below it what to do. */
export function formatProblem(problem: SiteProblem): string {
  const { file, line, column, severity, message, hint } = problem;
  return `${file}:${line}:${column}: ${severity}: ${message}${hint === '' ? '' : `\n  ${hint}`}`;
}

/** What differs from device to device in a message. */
const pointOrAlarmKey = /[\w-]+\/[\w-]+/g;

/**
 * Collects problems. One that is found at one place again and again, for each device that uses a profile, is listed once:
 * a hundred devices would hide every other problem.
 */
export class Problems {
  #byPlace = new Map<string, SiteProblem>();

  error(place: Place, message: string, hint: string): void {
    this.#add(place, message, hint, 'error');
  }

  warn(place: Place, message: string, hint: string): void {
    this.#add(place, message, hint, 'warning');
  }

  get hasErrors(): boolean {
    return [...this.#byPlace.values()].some(problem => problem.severity === 'error');
  }

  /** In the order of the files as they were met and of their lines; at most as many as the limit says, then a count. */
  list(): readonly SiteProblem[] {
    const files = new Map<string, number>();
    for (const problem of this.#byPlace.values()) {
      if (!files.has(problem.file)) files.set(problem.file, files.size);
    }
    const rank = (problem: SiteProblem) => files.get(problem.file) ?? 0;
    const sorted = [...this.#byPlace.values()].sort(
      (a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column,
    );
    const [listed, rest] = [sorted.slice(0, siteLimits.maxProblems), sorted.slice(siteLimits.maxProblems)];
    const [first] = rest;
    if (!first) return listed;
    const severity = rest.some(problem => problem.severity === 'error') ? 'error' : 'warning';
    const message = rest.length === 1 ? 'and 1 more problem' : `and ${rest.length} more problems`;
    return [...listed, { ...first, severity, message, hint: 'mend the ones above first' }];
  }

  #add(place: Place, message: string, hint: string, severity: SiteProblem['severity']): void {
    const key = `${place.file}:${place.line}:${place.column}:${message.replace(pointOrAlarmKey, '')}`;
    if (!this.#byPlace.has(key)) this.#byPlace.set(key, { ...place, message, hint, severity });
  }
}
