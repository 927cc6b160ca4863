import { formatDuration } from '../../base/duration.ts';
import { type CliContext, styleFor } from '../context.ts';
import { describeFailure } from '../failure.ts';
import { printJsonLine, printLines } from '../output.ts';
import { renderLine } from '../render/line.ts';
import type { Style } from '../render/style.ts';
import { cutText } from '../render/text.ts';
import { repeat } from '../repeat.ts';
import { Screen } from '../screen.ts';
import { untilSignal } from '../signals.ts';
import { describeUnit, failureOf } from './answers.ts';
import { type Probe, probeDocument, type TakenProbe, takeProbe } from './probe.ts';
import { renderProbe } from './probe-view.ts';

const ctrlC = '\x03';

interface WatchOptions {
  readonly intervalMs: number;
  readonly json: boolean | undefined;
}

interface WatchState {
  readonly last: (TakenProbe & { kind: 'read' }) | undefined;
  readonly changed: ReadonlySet<number>;
  /** Why the last read brought nothing. */
  readonly failure: string | undefined;
}

const nothingYet: WatchState = { last: undefined, changed: new Set(), failure: undefined };

/** Reads at every interval until q, Ctrl-C or a signal; one read at a time, and none to make up for a slow one. */
export async function watchProbe(context: CliContext, probe: Probe, options: WatchOptions): Promise<void> {
  await untilSignal(context, async quit => {
    if (context.out.isTTY && !options.json) await watchOnScreen(context, probe, options, quit);
    else await repeatProbe(context, probe, options, quit.signal, state => printState(context, probe, state, options));
  });
}

async function watchOnScreen(context: CliContext, probe: Probe, options: WatchOptions, quit: AbortController) {
  const style = styleFor(context.out, context.env);
  let state = nothingYet;
  const draw = () => screen.draw(renderScreen(probe, state, options.intervalMs, screen.size, style));
  const onKeys = (keys: string) => {
    if (/q/i.test(keys) || keys.includes(ctrlC)) quit.abort();
  };
  using screen = Screen.open(context, onKeys, () => draw());
  await repeatProbe(context, probe, options, quit.signal, next => {
    state = next;
    draw();
  });
}

async function repeatProbe(
  { clock }: CliContext,
  probe: Probe,
  { intervalMs }: WatchOptions,
  signal: AbortSignal,
  show: (state: WatchState) => void,
): Promise<void> {
  let state = nothingYet;
  const take = () => takeProbe(probe).catch(asFailure);
  await repeat(clock, intervalMs, signal, take, taken => {
    state = nextState(state, taken, probe);
    show(state);
  });
}

/** A daemon that goes away is shown, and comes back by itself. */
function asFailure(thrown: unknown): TakenProbe {
  return { kind: 'failed', reason: 'no-connection', detail: describeFailure(thrown).message };
}

function nextState(before: WatchState, taken: TakenProbe, probe: Probe): WatchState {
  if (taken.kind !== 'read') {
    const failure = failureOf(taken, describeUnit(probe.asker, probe.unitId)).message;
    return { ...before, changed: new Set(), failure };
  }
  const changed = new Set<number>();
  taken.values.forEach((value, index) => {
    if (before.last && before.last.values[index] !== value) changed.add(probe.address + index);
  });
  return { last: taken, changed, failure: undefined };
}

function renderScreen(
  probe: Probe,
  state: WatchState,
  intervalMs: number,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  style: Style,
): string[] {
  const head = renderLine(
    [
      { text: describeUnit(probe.asker, probe.unitId), paint: style.title },
      `${probe.table} ${probe.address}`,
      `every ${formatDuration(intervalMs)}`,
      'q quits',
    ],
    columns,
  );
  const foot = state.failure
    ? style.bad(cutText(`old values: ${state.failure}`, columns))
    : style.faint('* plausible  ≠ changed');
  const table = state.last
    ? renderProbe({ readings: state.last.readings, changed: state.changed }, columns, style)
    : [];
  const room = Math.max(0, rows - 3);
  const shown = table.length > room ? [...table.slice(0, Math.max(0, room - 1)), '…'] : table;
  return [head, '', ...shown, foot].slice(0, rows);
}

function printState(context: CliContext, probe: Probe, { last, changed, failure }: WatchState, options: WatchOptions) {
  const at = context.clock.wallMs();
  if (options.json) {
    const document = last && failure === undefined ? probeDocument(probe, last) : { error: failure };
    printJsonLine(context, { at, ...document, changed: [...changed] });
    return;
  }
  if (failure !== undefined) printLines(context, [failure, '']);
  else if (last) {
    const style = styleFor(context.out, context.env);
    printLines(context, [...renderProbe({ readings: last.readings, changed }, undefined, style), '']);
  }
}
