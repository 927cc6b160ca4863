import { suggest } from '../model/suggestion.ts';

/** `did you mean pump-room?`, or what else to write. */
export function suggestOr(word: string, known: readonly string[], otherwise: string): string {
  const meant = suggest(word, known);
  return meant === undefined ? otherwise : `did you mean ${meant}?`;
}

/** The known words as a list for a hint, cut where nobody reads on. */
export function listWords(words: readonly string[], shown = 20): string {
  const more = words.length - shown;
  return more > 0 ? `${words.slice(0, shown).join(', ')} and ${more} more` : words.join(', ');
}
