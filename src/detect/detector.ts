import { assert } from '../base/assert.ts';
import type { Change, Rule } from '../model/alarm.ts';
import { isComputed, type Sample, type SampleBatch } from '../model/point.ts';
import {
  type AlarmRow,
  advanceRow,
  type BusRow,
  createRow,
  type DeviceRow,
  handOver,
  isBusRow,
  isDeviceRow,
  isJointRow,
  type JointRow,
  judgeInputs,
  judgeSample,
  type PointRow,
  recallRow,
  rememberRow,
} from './alarm-row.ts';
import { isComparable } from './comparable.ts';
import { figureOfInputs, figureOfSample, spokenRule } from './figure.ts';
import { indexJointRows, type JointRows, newsOf, ownRowsOf, takeSample } from './joint-rows.ts';
import type { KeptCondition, Remembered } from './long-condition.ts';
import { type NumberedRows, numberRows, rowsOf } from './numbered-rows.ts';
import { createQuietRanges, isQuiet, type QuietRanges, tellQuiet } from './quiet-ranges.ts';
import { hasLearnedAlike, hasSameSubject, hasSameTerms } from './rule-identity.ts';
import type { TimeOfDay } from './rules/band.ts';
import { hearOfBus, isBusSilent } from './rules/bus-communication.ts';
import { judgeCommunication, restartSilence } from './rules/communication.ts';

/** Decides, sample by sample, which conditions stand. Knows no clock and does no IO: the same code replays history. */
export interface Detector {
  /**
   * Judges the samples of one read. Synchronous. Returns what changed: first the device's own alarm, then those of single
   * points in the order of the samples, then those that compare points, which are judged once when all samples of the
   * read were taken. The same empty array whenever nothing did.
   *
   * A bad sample freezes the alarms of its point. Durations are measured by sampledAtMono alone.
   */
  step(batch: SampleBatch): readonly Change[];
  /**
   * Puts new rules in place of the old ones. A rule that stays (same key, same subject) keeps its alarm; one that judges
   * as before also keeps its running delay and its window. A standing alarm whose rule is gone is `removed`.
   */
  replaceRules(rules: readonly Rule[], at: { mono: number; wall: number }): readonly Change[];
  isActive(alarmKey: string): boolean;
  /** Keys of the alarms that stand on a point. */
  activeOn(point: number): readonly string[];
  /** Keys of all alarms that stand, those of devices included. */
  active(): readonly string[];
  /** What rules with a long memory know at `mono`: of those that took something in since this was asked last. */
  memories(mono: number): readonly Remembered[];
  /** Keys of the rules that were given a memory that makes no sense: they began anew. */
  readonly forgotten: readonly string[];
}

/** Where rules with a long memory begin. */
export interface DetectorOptions {
  /** What hour it is where the plant is. Left out: nobody can say, and bands by time of day are silent. */
  readonly timeOfDay?: TimeOfDay;
  /** What rules knew before the restart, by key. */
  readonly memories?: ReadonlyMap<string, KeptCondition>;
}

/** The rows by their key and by what is sampled. */
interface RuleIndex {
  readonly byKey: ReadonlyMap<string, AlarmRow>;
  readonly byPoint: NumberedRows<PointRow>;
  readonly quiet: QuietRanges;
  readonly joint: JointRows;
  readonly byDevice: NumberedRows<DeviceRow>;
  /** By number of a device: the alarm of its bus. */
  readonly busOf: readonly (BusRow | undefined)[];
}

const nothing: readonly never[] = Object.freeze([]);

/**
 * @param active keys of the alarms that stand in the store at start. They are not raised again; one that is no longer
 * true returns with the first good sample. A key without a rule is ignored here: see `active`.
 */
export function createDetector(
  rules: readonly Rule[],
  active: Iterable<string>,
  { timeOfDay = nobodyKnows, memories = new Map() }: DetectorOptions = {},
): Detector {
  const standing = new Set(active);
  const forgotten: string[] = [];
  let index = indexRows(rules.map(beginRow));
  const latestMono: number[] = [];

  function beginRow(rule: Rule): AlarmRow {
    const row = createRow(rule, standing.has(rule.key) ? 'active' : 'normal', timeOfDay);
    const kept = memories.get(rule.key);
    if (kept && !recallRow(row, kept)) forgotten.push(rule.key);
    return row;
  }

  /** Time does not run backwards, not even when samples of one device arrive out of order. */
  function monoOf(batch: SampleBatch): number {
    const latest = latestMono[batch.device];
    const mono = latest !== undefined && latest > batch.sampledAtMono ? latest : batch.sampledAtMono;
    latestMono[batch.device] = mono;
    return mono;
  }

  function stepDevice(batch: SampleBatch, mono: number): readonly Change[] {
    const { rows, starts } = index.byDevice;
    const end = starts[batch.device + 1] ?? 0;
    const bus = index.busOf[batch.device];
    let changes = bus && stepBus(bus, batch, mono);
    for (let at = starts[batch.device] ?? end; at < end; at += 1) {
      const row = rows[at] as DeviceRow;
      const judgement = judgeCommunication(row.condition, batch, mono);
      // One alarm for the bus instead of one for each of its devices.
      const decider = bus && judgement === 'met' && row.phase === 'normal' && isBusSilent(bus.condition) ? bus : row;
      const kind = advanceRow(decider, judgement, mono);
      if (kind !== undefined) changes = append(changes, changeOf(kind, decider.rule, undefined, batch));
    }
    return changes ?? nothing;
  }

  /** The first device that is heard ends the alarm of its bus; the others get the time to be heard, too. */
  function stepBus(bus: BusRow, batch: SampleBatch, mono: number): Change[] | undefined {
    hearOfBus(bus.condition, batch);
    if (bus.phase === 'normal' || !batch.isAnswered) return undefined;
    const kind = advanceRow(bus, 'gone', mono);
    if (kind === undefined) return undefined;
    for (const device of bus.rule.devices) {
      for (const row of rowsOf(index.byDevice, device)) if (row.phase === 'normal') restartSilence(row.condition);
    }
    return [changeOf(kind, bus.rule, undefined, batch)];
  }

  function stepPoints(batch: SampleBatch, mono: number): readonly Change[] {
    const { quiet, joint } = index;
    let changes: Change[] | undefined;
    for (const sample of batch.samples) {
      if (sample.quality === 'good' && isQuiet(quiet, sample.point.number, sample.value)) continue;
      changes = stepRows(sample, batch, mono, changes);
      takeSample(joint, sample, mono);
    }
    if (joint.news.length > 0) changes = stepJoint(batch, changes);
    return changes ?? nothing;
  }

  function stepRows(
    sample: Sample,
    batch: SampleBatch,
    mono: number,
    before: Change[] | undefined,
  ): Change[] | undefined {
    const { byPoint, quiet, joint } = index;
    const { rows, starts } = byPoint;
    const { value, point } = sample;
    const isGood = isComparable(sample);
    const end = starts[point.number + 1] ?? 0;
    let at = starts[point.number] ?? end;
    if (at === end) return before;
    let changes = before;
    for (; at < end; at += 1) {
      const row = rows[at] as PointRow;
      const kind = advanceRow(row, judgeSample(row, value, isGood, mono, batch.sampledAt), mono);
      if (kind !== undefined) changes = append(changes, changeOf(kind, row.rule, figureOfSample(row, value), batch));
    }
    tellQuiet(quiet, byPoint, joint, point.number);
    return changes;
  }

  function stepJoint(batch: SampleBatch, before: Change[] | undefined): Change[] | undefined {
    let changes = before;
    for (const { row } of newsOf(index.joint)) {
      const kind = advanceRow(row, judgeInputs(row), row.condition.inputs.mono);
      if (kind !== undefined) changes = append(changes, changeOf(kind, spokenRule(row), figureOfInputs(row), batch));
    }
    index.joint.news.length = 0;
    return changes;
  }

  return {
    step(batch) {
      const mono = monoOf(batch);
      const first = batch.samples[0];
      // What was computed says nothing about whether its device is heard.
      const ofDevice = first !== undefined && isComputed(first.point) ? nothing : stepDevice(batch, mono);
      const ofPoints = stepPoints(batch, mono);
      return ofDevice.length === 0 ? ofPoints : [...ofDevice, ...ofPoints];
    },
    replaceRules(newRules, at) {
      const old = index.byKey;
      index = indexRows(newRules.map(rule => succeed(old.get(rule.key), rule, timeOfDay, at.mono)));
      return removals(old, index.byKey, at);
    },
    isActive: alarmKey => index.byKey.get(alarmKey)?.phase === 'active',
    activeOn: point => activeKeys([...rowsOf(index.byPoint, point), ...ownRowsOf(index.joint, point)]),
    active: () => activeKeys([...index.byKey.values()]),
    memories: mono => [...index.byKey.values()].flatMap(row => rememberRow(row, mono) ?? []),
    forgotten,
  };
}

const nobodyKnows: TimeOfDay = () => undefined;

function append(changes: Change[] | undefined, change: Change): Change[] {
  if (changes === undefined) return [change];
  changes.push(change);
  return changes;
}

function changeOf(kind: Change['kind'], rule: Rule, value: number | undefined, batch: SampleBatch): Change {
  return { kind, rule, value, sampledAt: batch.sampledAt, sampledAtMono: batch.sampledAtMono };
}

/** The row of a new rule, with as much of the old one's state as still means the same. */
function succeed(old: AlarmRow | undefined, rule: Rule, timeOfDay: TimeOfDay, mono: number): AlarmRow {
  if (old === undefined || !hasSameSubject(old.rule, rule)) return createRow(rule, 'normal', timeOfDay);
  // The new rule is of the old one's kind here, and its terms say how it judges: only its texts are new.
  if (hasSameTerms(old.rule, rule)) return { ...old, rule } as AlarmRow;
  const row = createRow(rule, old.phase, timeOfDay);
  // Another delay or limit is no reason to learn two weeks anew.
  if (hasLearnedAlike(old.rule, rule)) handOver(old, row, mono);
  return row;
}

function removals(
  old: ReadonlyMap<string, AlarmRow>,
  now: ReadonlyMap<string, AlarmRow>,
  at: { mono: number; wall: number },
): readonly Change[] {
  const changes: Change[] = [];
  for (const [key, { rule, phase }] of old) {
    const successor = now.get(key);
    if (successor && hasSameSubject(rule, successor.rule)) continue;
    if (phase === 'normal') continue;
    changes.push({ kind: 'removed', rule, value: undefined, sampledAt: at.wall, sampledAtMono: at.mono });
  }
  return changes;
}

function indexRows(rows: readonly AlarmRow[]): RuleIndex {
  const byKey = new Map(rows.map(row => [row.rule.key, row]));
  assert(byKey.size === rows.length, 'two alarm rules have the same key');
  const ofPoints: PointRow[] = [];
  const ofPairs: JointRow[] = [];
  const ofDevices: DeviceRow[] = [];
  const busOf: (BusRow | undefined)[] = [];
  for (const row of rows) {
    if (isDeviceRow(row)) ofDevices.push(row);
    else if (isBusRow(row)) for (const device of row.rule.devices) busOf[device] = row;
    else if (isJointRow(row)) ofPairs.push(row);
    else ofPoints.push(row);
  }
  const joint = indexJointRows(ofPairs);
  const byPoint = numberRows(ofPoints, row => row.rule.point);
  return {
    byKey,
    byPoint,
    quiet: createQuietRanges(byPoint, joint),
    joint,
    byDevice: numberRows(ofDevices, row => row.rule.device),
    busOf,
  };
}

function activeKeys(rows: readonly AlarmRow[]): readonly string[] {
  return rows.filter(row => row.phase === 'active').map(row => row.rule.key);
}
