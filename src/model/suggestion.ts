import { distance } from 'fastest-levenshtein';

/** The known word that was probably meant, or undefined when none is near. */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  const wanted = fold(word);
  // A third of the letters may be wrong: more, and the suggestion confuses. In p1 and p2 no letter is a slip.
  let best = Math.floor(wanted.length / 3) + 1;
  let found: string | undefined;
  // Nobody misspells a word of a hundred letters; measuring it would only take time.
  if (wanted.length > 100) return undefined;
  for (const candidate of known) {
    const far = distance(wanted, fold(candidate));
    if (far < best) [best, found] = [far, candidate];
  }
  return found;
}

/** unitId, unit_id and Unit-ID are all the same mistake. */
function fold(word: string): string {
  return word.replaceAll(/[-_ ]/g, '').toLowerCase();
}
