import picocolors from 'picocolors';
import type { Priority } from '../../model/alarm.ts';
import type { Quality } from '../../model/quality.ts';

/** Wraps a text in colour codes, or leaves it as it is. The text is escaped and cut before, never after. */
export type Paint = (text: string) => string;

/** The colours of the house by meaning. Every one of them stands beside a word: nothing is said by colour alone. */
export interface Style {
  readonly isColoured: boolean;
  readonly plain: Paint;
  readonly title: Paint;
  readonly faint: Paint;
  readonly good: Paint;
  readonly warning: Paint;
  readonly bad: Paint;
  readonly accent: Paint;
}

export function createStyle(isColoured: boolean): Style {
  const colors = picocolors.createColors(isColoured);
  return {
    isColoured,
    plain: text => text,
    title: colors.bold,
    faint: colors.dim,
    good: colors.green,
    warning: colors.yellow,
    bad: colors.red,
    accent: colors.cyan,
  };
}

export function paintForPriority(priority: Priority, style: Style): Paint {
  switch (priority) {
    case 'low':
      return style.accent;
    case 'medium':
      return style.warning;
    case 'high':
      return style.bad;
    case 'urgent':
      return text => style.title(style.bad(text));
  }
}

/** Good is quiet; a value that was never read is not yet a fault. */
export function paintForQuality(quality: Quality, style: Style): Paint {
  if (quality === 'good') return style.good;
  return quality === 'not-read' ? style.warning : style.bad;
}
