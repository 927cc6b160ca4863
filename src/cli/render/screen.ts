/**
 * A full-screen view that is redrawn in place, as text for a terminal (ECMA-48, and the private modes that xterm,
 * the Linux console and tmux share).
 */

/** Alternate screen, no cursor, no wrapping of lines. */
export const enterScreen = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J';

/** Everything that enterScreen changed, put back. */
export const leaveScreen = '\x1b[?7h\x1b[?25h\x1b[?1049l';

/**
 * Draws over what was there. A terminal that knows synchronised updates (mode 2026) shows the new picture at once; for
 * the others it is one write, line by line, so nothing flickers. A line is cleared before it is written: a line that
 * fills the width leaves the cursor on its last character, and clearing from there would take it away. The lines must
 * fit the height of the terminal.
 */
export function drawScreen(lines: readonly string[]): string {
  // The last line clears everything below it as well.
  const cleared = lines.map((line, index) => `${index === lines.length - 1 ? '\x1b[J' : '\x1b[2K'}${line}`);
  return `\x1b[?2026h\x1b[H${cleared.join('\r\n')}\x1b[?2026l`;
}
