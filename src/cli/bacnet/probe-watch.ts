import { formatDuration } from '../../base/duration.ts';
import { formatBacnetAddress } from '../../model/bacnet-names.ts';
import { type CliContext, styleFor } from '../context.ts';
import { describeFailure } from '../failure.ts';
import { printJsonLine, printLines } from '../output.ts';
import { renderLine } from '../render/line.ts';
import type { Style } from '../render/style.ts';
import { cutText } from '../render/text.ts';
import { repeat } from '../repeat.ts';
import { Screen } from '../screen.ts';
import { untilSignal } from '../signals.ts';
import { type BacnetProbe, type ProbedValue, takeProbe } from './probe-read.ts';
import { probeDocument, renderProbe } from './probe-view.ts';

const ctrlC = '\x03';

interface WatchOptions {
  readonly intervalMs: number;
  readonly json: boolean | undefined;
}

type Taken =
  | { readonly kind: 'value'; readonly value: ProbedValue }
  | { readonly kind: 'failed'; readonly message: string };

/** Reads at every interval until q, Ctrl-C or a signal. */
export async function watchProbe(context: CliContext, probe: BacnetProbe, options: WatchOptions): Promise<void> {
  await untilSignal(context, async quit => {
    const take = () => takeOnce(probe);
    if (!context.out.isTTY || options.json) {
      await repeat(context.clock, options.intervalMs, quit.signal, take, taken =>
        print(context, probe, taken, options),
      );
      return;
    }
    const style = styleFor(context.out, context.env);
    let last: ProbedValue | undefined;
    let failure: string | undefined;
    const draw = () => screen.draw(renderScreen(probe, last, failure, options.intervalMs, screen.size, style));
    const onKeys = (keys: string) => {
      if (/q/i.test(keys) || keys.includes(ctrlC)) quit.abort();
    };
    using screen = Screen.open(context, onKeys, () => draw());
    await repeat(context.clock, options.intervalMs, quit.signal, take, taken => {
      if (taken.kind === 'value') last = taken.value;
      failure = taken.kind === 'failed' ? taken.message : undefined;
      draw();
    });
  });
}

/** A device, or a daemon, that goes away is shown and comes back by itself. */
async function takeOnce(probe: BacnetProbe): Promise<Taken> {
  try {
    return { kind: 'value', value: await takeProbe(probe) };
  } catch (thrown) {
    return { kind: 'failed', message: describeFailure(thrown).message };
  }
}

function renderScreen(
  probe: BacnetProbe,
  value: ProbedValue | undefined,
  failure: string | undefined,
  intervalMs: number,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  style: Style,
): string[] {
  const head = renderLine([`every ${formatDuration(intervalMs)}`, 'q quits'], columns);
  const [title, ...facts] = value
    ? renderProbe(probe, value, columns, style)
    : [cutText(`${probe.label} ${formatBacnetAddress({ ...probe.object, ...probe.property })}`, columns)];
  const foot = failure === undefined ? [] : [style.bad(cutText(value ? `old values: ${failure}` : failure, columns))];
  const room = Math.max(0, rows - 2 - foot.length);
  const shown = facts.length > room ? [...facts.slice(0, Math.max(0, room - 1)), '…'] : facts;
  return [title ?? '', head, ...shown, ...foot].slice(0, rows);
}

function print(context: CliContext, probe: BacnetProbe, taken: Taken, { json }: WatchOptions): void {
  if (json) {
    const document = taken.kind === 'value' ? probeDocument(probe, taken.value) : { error: taken.message };
    printJsonLine(context, { at: context.clock.wallMs(), ...document });
    return;
  }
  const style = styleFor(context.out, context.env);
  const lines = taken.kind === 'value' ? renderProbe(probe, taken.value, undefined, style) : [taken.message];
  printLines(context, [...lines, '']);
}
