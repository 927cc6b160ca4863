/** Longer patterns are refused: no point key comes near it. */
export const longestGlob = 200;

/**
 * True when the whole text matches: `*` stands for any text, `?` for any one character, everything else for itself.
 * Takes at most text × pattern steps, whatever the pattern.
 */
export function matchesGlob(text: string, glob: string): boolean {
  let at = 0;
  let inGlob = 0;
  // Where the last * stood, and how much of the text it has swallowed so far.
  let star = -1;
  let swallowed = 0;
  while (at < text.length) {
    if (glob[inGlob] === '*') {
      star = inGlob;
      swallowed = at;
      inGlob += 1;
    } else if (glob[inGlob] === '?' || glob[inGlob] === text[at]) {
      at += 1;
      inGlob += 1;
    } else if (star >= 0) {
      swallowed += 1;
      at = swallowed;
      inGlob = star + 1;
    } else {
      return false;
    }
  }
  while (glob[inGlob] === '*') inGlob += 1;
  return inGlob === glob.length;
}

/** A point is meant by a glob on its key; a bare device id means all points of the device. */
export function matchesPoint(key: string, glob: string): boolean {
  return matchesGlob(key, glob) || (!glob.includes('/') && matchesGlob(key, `${glob}/*`));
}
