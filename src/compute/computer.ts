import type { Expression, SuppressionChange } from '../model/expression.ts';
import type { SampleBatch } from '../model/point.ts';
import { createExpressionRow, type ExpressionRow, settle, signatureOf, takeOver } from './expression-row.ts';
import { hear, hearAlarm, type InputNow, type Said } from './inputs.ts';

/**
 * Works out the expressions of a site. Pure: it knows no clock and does no IO, so a replay gives the same values.
 *
 * An expression is looked at once per batch that sampled one of its inputs, after the expressions it depends on; it is
 * evaluated only where an input says something new, and its point is sampled either way, so that delays go on.
 */
export interface Computer {
  /**
   * Takes a batch of the plant and hands what follows from it to `feed`, one point at a time, in order of dependency.
   * @param changedAlarms keys of the alarms whose condition came or went with the batch
   */
  step(batch: SampleBatch, changedAlarms: readonly string[], feed: Feed): readonly SuppressionChange[];
  /** An expression that stays as it was goes on with what it knows; a new one begins with what its points say now. */
  replace(expressions: readonly Expression[]): void;
}

/**
 * Takes a computed sample the way of every other one, and tells which alarms changed with it. `isHidden`: it is there for
 * a rule only. The batch is used again: copy what you keep.
 */
export type Feed = (batch: SampleBatch, isHidden: boolean) => readonly string[];

export interface ComputerOptions {
  /** In order of dependency, as a site has them. */
  readonly expressions: readonly Expression[];
  isActive(alarm: string): boolean;
  /** What a point says now; undefined for one that nobody knows. */
  pointNow(point: number): Said | undefined;
}

/** Where an input stands. */
interface Listener {
  readonly row: number;
  readonly input: InputNow;
}

/** The inputs by what they listen to. */
interface Listeners {
  readonly byPoint: readonly (readonly Listener[] | undefined)[];
  readonly byAlarm: ReadonlyMap<string, readonly Listener[]>;
  /** Rows that a sample of a point or device confirms, by its number, though it changes nothing in them. */
  readonly beatsOfPoint: readonly (readonly number[] | undefined)[];
  readonly beatsOfDevice: readonly (readonly number[] | undefined)[];
}

const nothing: readonly never[] = Object.freeze([]);

export function createComputer(options: ComputerOptions): Computer {
  let rows: ExpressionRow[] = [];
  let listeners = listen(rows);
  /** The rows to look at are among these; none when `first` is beyond `last`. */
  let first = 0;
  let last = -1;

  function touch(at: number, isChanged: boolean): void {
    const row = rows[at];
    if (row === undefined) return;
    if (isChanged) row.touched = 'changed';
    else if (row.touched === 'no') row.touched = 'sampled';
    if (at < first) first = at;
    if (at > last) last = at;
  }

  function hearBatch(batch: SampleBatch): void {
    for (const sample of batch.samples) {
      const { number } = sample.point;
      for (const { row, input } of listeners.byPoint[number] ?? nothing) {
        touch(row, hear(input, sample, batch.sampledAtMono));
      }
      for (const row of listeners.beatsOfPoint[number] ?? nothing) touch(row, false);
    }
  }

  function hearAlarms(changed: readonly string[]): void {
    for (const alarm of changed) {
      for (const { row, input } of listeners.byAlarm.get(alarm) ?? nothing) {
        touch(row, hearAlarm(input, options.isActive(alarm)));
      }
    }
  }

  function begin(row: ExpressionRow): ExpressionRow {
    for (const input of row.inputs) {
      if (!('point' in input.input)) continue;
      const said = input.window ? undefined : options.pointNow(input.input.point);
      if (said) hear(input, said, Number.NEGATIVE_INFINITY);
    }
    return row;
  }

  function replace(expressions: readonly Expression[]): void {
    const known = new Map(rows.map(row => [row.signature, row]));
    rows = expressions.map(expression => {
      const old = known.get(signatureOf(expression));
      return old ? takeOver(old, expression) : begin(createExpressionRow(expression));
    });
    listeners = listen(rows);
    first = rows.length;
    last = -1;
    for (const [at, { inputs }] of rows.entries()) {
      for (const input of inputs) {
        if (input.input.kind !== 'alarm') continue;
        if (hearAlarm(input, options.isActive(input.input.alarm))) touch(at, true);
      }
    }
  }

  /** Looks at the touched rows. What one of them says may touch others, but only behind it. */
  function run(batch: SampleBatch, feed: Feed): readonly SuppressionChange[] {
    let changes: SuppressionChange[] | undefined;
    for (let at = first; at <= last; at += 1) {
      const row = rows[at];
      if (row === undefined || row.touched === 'no') continue;
      settle(row);
      row.touched = 'no';
      if (row.batch) tell(row, row.batch, batch, feed);
      else {
        const change = changeOf(row, batch);
        if (change) changes = changes ? [...changes, change] : [change];
      }
    }
    first = rows.length;
    last = -1;
    return changes ?? nothing;
  }

  function tell(row: ExpressionRow, computed: SampleBatch, cause: SampleBatch, feed: Feed): void {
    const sample = computed.samples[0];
    if (sample === undefined) return;
    sample.value = row.value;
    sample.quality = row.quality;
    computed.sampledAt = cause.sampledAt;
    computed.sampledAtMono = cause.sampledAtMono;
    const changed = feed(computed, row.expression.target.kind === 'alarm');
    hearBatch(computed);
    hearAlarms(changed);
  }

  replace(options.expressions);
  return {
    step(batch, changedAlarms, feed) {
      if (rows.length === 0) return nothing;
      hearBatch(batch);
      for (const row of listeners.beatsOfDevice[batch.device] ?? nothing) touch(row, false);
      hearAlarms(changedAlarms);
      return last === -1 ? nothing : run(batch, feed);
    },
    replace,
  };
}

/** While an input is bad nobody can say: what was reported stands. The first that can be said is reported. */
function changeOf(row: ExpressionRow, { sampledAt, sampledAtMono }: SampleBatch): SuppressionChange | undefined {
  const { target } = row.expression;
  if (target.kind !== 'suppression' || row.quality !== 'good') return undefined;
  const isOn = row.value !== 0;
  if (isOn === row.isOn) return undefined;
  row.isOn = isOn;
  return { suppression: target.id, isOn, sampledAt, sampledAtMono };
}

function listen(rows: readonly ExpressionRow[]): Listeners {
  const byPoint: Listener[][] = [];
  const byAlarm = new Map<string, Listener[]>();
  const beatsOfPoint: number[][] = [];
  const beatsOfDevice: number[][] = [];
  for (const [row, { inputs }] of rows.entries()) {
    for (const input of inputs) {
      const listener = { row, input };
      if (input.input.kind === 'alarm') {
        byAlarm.set(input.input.alarm, [...(byAlarm.get(input.input.alarm) ?? []), listener]);
        for (const point of input.input.points) addTo(beatsOfPoint, point, row);
        for (const device of input.input.devices) addTo(beatsOfDevice, device, row);
      } else if ('point' in input.input) addTo(byPoint, input.input.point, listener);
    }
  }
  return { byPoint, byAlarm, beatsOfPoint, beatsOfDevice };
}

function addTo<Item>(lists: Item[][], number: number, item: Item): void {
  const list = lists[number];
  if (list) list.push(item);
  else lists[number] = [item];
}
