import { formatAge } from '../../base/duration.ts';
import { type CliContext, styleFor, widthOf } from '../context.ts';
import { eraseLine, renderProgress } from '../render/progress.ts';
import { countQuestions, type ScanPlan, type ScanStop } from './scan-plan.ts';
import { createScanTable, type FoundDevice } from './scan-view.ts';

/** What a person sees of a scan while it runs: what was found on standard output, how far it is on standard error. */
export interface ScanDisplay {
  begin(line: string): void;
  onAsked(stop: ScanStop, unitId: number): void;
  onFound(found: FoundDevice): void;
  /** Takes the bar away. */
  clear(): void;
  end(line: string | undefined): void;
  /** Questions that were asked, or need not be asked any more. */
  asked(): number;
}

/** Faster than this nobody reads, and a slow terminal must not slow the scan. */
const drawEveryMs = 100;

export function createScanDisplay(
  context: CliContext,
  plan: ScanPlan,
  { isJson, estimateMs }: { readonly isJson: boolean; readonly estimateMs: number },
): ScanDisplay {
  const { clock, out, err } = context;
  const hasBar = err.isTTY === true;
  const total = countQuestions(plan);
  const table = createScanTable(plan, widthOf(out), styleFor(out, context.env));
  const startMono = clock.monoMs();
  let asked = 0;
  let found = 0;
  let drawnMono = Number.NEGATIVE_INFINITY;
  let label = '';

  function draw(): void {
    drawnMono = clock.monoMs();
    const words = `${label} · ${found} found · about ${formatAge(leftMs())} left`;
    const progress = { done: asked, total, words };
    err.write(eraseLine + renderProgress(progress, widthOf(err) ?? 80, styleFor(err, context.env)));
  }

  /** As promised at first, then more and more as it goes. */
  function leftMs(): number {
    const share = total === 0 ? 1 : asked / total;
    const byPaceMs = share > 0 ? ((clock.monoMs() - startMono) / share) * (1 - share) : 0;
    return (1 - share) * estimateMs * (1 - share) + share * byPaceMs;
  }

  return {
    begin(line) {
      if (!isJson || hasBar) err.write(`${line}\n`);
    },
    onAsked(stop, unitId) {
      label = `${stop.label} unit ${unitId}`;
      if (hasBar && clock.monoMs() - drawnMono >= drawEveryMs) draw();
      asked += 1;
    },
    onFound(device) {
      if (!isJson) {
        if (hasBar) err.write(eraseLine);
        if (found === 0) out.write(`${table.header()}\n`);
        out.write(`${table.row(device)}\n`);
      }
      found += 1;
      if (hasBar) draw();
    },
    clear() {
      if (hasBar) err.write(eraseLine);
    },
    end(line) {
      if (line !== undefined && (!isJson || hasBar)) err.write(`${line}\n`);
    },
    asked: () => asked,
  };
}
