import { formatDuration, parseDuration } from '../base/duration.ts';
import { descend, readText, type Tree } from './tree.ts';

/** What is made of a window needs three values, and a window at any moment may miss one at its edge. */
export const fewestIntervals = 4;

/** Where the rules on a point say how long they look back. */
const windowPaths = ['rate over', 'spread over', 'forecast over', 'crossings in', 'counter-rate in', 'frozen for'];

const figures = ['rate', 'mean', 'min', 'max'] as const;

/**
 * What a rule would need to be read more often, since its windows hold too few values as it is: `booster/outlet every 1.25s`.
 *
 * @param tree a rule that names its points as DEVICE/ID
 * @param intervalMs of such a point; undefined for what is no point that is read
 */
export function readTooSeldom(tree: Tree, intervalMs: (reference: string) => number | undefined): readonly string[] {
  return windowsOf(tree).flatMap(({ reference, text }) => {
    const ms = parseDuration(text);
    const readEveryMs = intervalMs(reference);
    if (ms === undefined || readEveryMs === undefined || ms >= fewestIntervals * readEveryMs) return [];
    return [`${reference} every ${formatDuration(Math.floor(ms / fewestIntervals))}`];
  });
}

interface WrittenWindow {
  readonly reference: string;
  readonly text: string;
}

function windowsOf(tree: Tree): readonly WrittenWindow[] {
  const point = readText(tree, 'point');
  const onPoint = windowPaths.map(path => {
    const [kind = '', length = ''] = path.split(' ');
    return { reference: point, text: textAt(tree, kind, length) };
  });
  const inputs = descend(tree, ['inputs']);
  const named = inputs?.kind === 'map' ? [...inputs.entries.values()].map(({ value }) => value) : [];
  const ofInputs = named.map(input => ({
    reference: figures.map(figure => readText(input, figure)).find(found => found !== undefined),
    text: readText(input, 'over'),
  }));
  return [...onPoint, ...ofInputs].filter(
    (one): one is WrittenWindow => one.reference !== undefined && one.text !== undefined,
  );
}

function textAt(tree: Tree, kind: string, length: string): string | undefined {
  const condition = descend(tree, [kind]);
  return condition && readText(condition, length);
}
