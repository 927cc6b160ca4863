import type { Style } from './style.ts';
import { cutText, escapeText, widthOfText } from './text.ts';

export interface Progress {
  readonly done: number;
  readonly total: number;
  /** What is being done, and how it goes. */
  readonly words: string;
}

const barWidth = 20;

/** Back to the first column, and the line is empty. */
export const eraseLine = '\r\x1b[2K';

/** `[████████            ]  42 %  9600 8N1 unit 104 · 3 found · about 72s left` */
export function renderProgress({ done, total, words }: Progress, width: number, style: Style): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * barWidth);
  const bar = `[${'█'.repeat(filled)}${' '.repeat(barWidth - filled)}]`;
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const head = `${bar} ${percent}`;
  // The last column stays free: a full line makes some terminals go on to the next.
  const room = width - 1 - widthOfText(head);
  return room < 0
    ? cutText(percent.trim(), width - 1)
    : `${style.accent(bar)} ${percent}${cutText(escapeText(`  ${words}`), room)}`;
}
