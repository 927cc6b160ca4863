/**
 * A full-screen view that is redrawn in place, as text for a terminal (ECMA-48, and the private modes that xterm,
 * the Linux console and tmux share).
 */

/** Alternate screen, no cursor, no wrapping of lines. */
export const enterScreen = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J';

/** Everything that enterScreen changed, put back. */
export const leaveScreen = '\x1b[?7h\x1b[?25h\x1b[?1049l';

/**
 * Draws over what was there: each line clears only its own rest, so nothing flickers, and a terminal that knows
 * synchronised updates (mode 2026) shows the new picture at once. The lines must fit the height of the terminal.
 */
export function drawScreen(lines: readonly string[]): string {
  return `\x1b[?2026h\x1b[H${lines.map(line => `${line}\x1b[K`).join('\r\n')}\x1b[J\x1b[?2026l`;
}
