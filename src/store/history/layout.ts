import type { SeriesName } from '../../history/frame.ts';

/** The names of a device's points as one text, which is cheaper to hand over, and to know again, than a list of them. */

/** Keys and units have neither tabs nor line breaks. */
export function layoutOf(names: readonly SeriesName[]): string {
  return names.map(({ point, unit }) => `${point}\t${unit}`).join('\n');
}

export function namesOfLayout(layout: string): SeriesName[] {
  if (layout === '') return [];
  return layout.split('\n').map(line => {
    const [point = '', unit = ''] = line.split('\t');
    return { point, unit };
  });
}
