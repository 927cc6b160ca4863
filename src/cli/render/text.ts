import stringWidth from 'string-width';

/**
 * Text from a site file, a device or a socket, made fit for a terminal: nothing in it can move the cursor, change
 * colours, break a line or turn the reading direction around.
 */
export function escapeText(text: string): string {
  return text.replace(unsafe, character => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** Control characters, line and paragraph separators, direction marks and overrides, and halves of surrogate pairs. */
const unsafe = /[\p{Cc}\u{2028}\u{2029}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\p{Cs}]/gu;

/** Terminal columns that a text takes; a Chinese character takes two. Colour codes take none. */
export function widthOfText(text: string): number {
  return stringWidth(text);
}

/** Cuts an escaped, uncoloured text to at most `width` columns, with … at the end of what was cut. */
export function cutText(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  if (width < 1) return '';
  let cut = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = stringWidth(segment);
    if (used + next > width - 1) break;
    cut += segment;
    used += next;
  }
  return `${cut.trimEnd()}…`;
}

const graphemes = new Intl.Segmenter();

/** Breaks an escaped, uncoloured text between its words into lines of at most `width` columns; a longer word has its own. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && stringWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Fills up to `width` columns with spaces. */
export function padText(text: string, width: number, align: 'left' | 'right'): string {
  const fill = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'left' ? text + fill : fill + text;
}
