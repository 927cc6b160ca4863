import { gapsOf, type Watermark } from './watermark.ts';

/** What a person should hear about gaps: one that stays, and that it is closed. Pure. */
export interface GapWatch {
  readonly open: ReadonlyMap<string, { readonly sinceMono: number; readonly isTold: boolean }>;
}

export type GapNews =
  | { readonly kind: 'stays'; readonly gateway: string; readonly missing: readonly { from: number; to: number }[] }
  | { readonly kind: 'closed'; readonly gateway: string };

/** Events that overtook others, and those of a broken connection, close their gap before this. */
export const patienceMs = 10_000;

/** Gaps named in one piece of news. */
const mostNamed = 5;

export function watchGaps(
  watch: GapWatch,
  marks: ReadonlyMap<string, Watermark>,
  nowMono: number,
): { readonly watch: GapWatch; readonly news: readonly GapNews[] } {
  const news: GapNews[] = [];
  const open = new Map<string, { sinceMono: number; isTold: boolean }>();
  for (const [gateway, mark] of marks) {
    const before = watch.open.get(gateway);
    if (mark.ahead.length === 0) {
      if (before?.isTold) news.push({ kind: 'closed', gateway });
      continue;
    }
    const sinceMono = before?.sinceMono ?? nowMono;
    const isDue = nowMono - sinceMono >= patienceMs;
    if (isDue && !before?.isTold) news.push({ kind: 'stays', gateway, missing: gapsOf(mark).slice(0, mostNamed) });
    open.set(gateway, { sinceMono, isTold: isDue });
  }
  return { watch: { open }, news };
}
