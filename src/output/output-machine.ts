import type { OutputPattern, OutputRule, OutputSettings } from '../model/output.ts';
import type { StandingAlarm } from './standing-alarm.ts';

/**
 * When an output is on. Pure: the alarms that stand, what people did and the time go in, the next state comes out.
 *
 * An alarm that fits a rule of the output is a call. Each call is known by what it is about, so that a siren that was
 * silenced sounds again for a new alarm, for the next occurrence of an old one and for one that comes back after a calm
 * time, and for nothing else.
 */

/** An alarm that nobody has acknowledged and that comes back sooner than so long after it came is no new call: it chatters. */
export const calmMs = 300_000;

export interface OutputState {
  readonly calls: readonly Call[];
  /** Switched on by hand until then, by the monotonic clock. */
  readonly testUntilMono: number | undefined;
}

interface Call {
  readonly alarm: string;
  readonly call: string;
  /** Index of the first rule that fits; undefined while none does, or the alarm is quiet. */
  readonly rule: number | undefined;
  readonly sinceMono: number;
  /** How often it has come back so far, and when it came the last time. */
  readonly comebacks: number;
  readonly cameMono: number;
  readonly isSilenced: boolean;
}

export const quietOutput: OutputState = { calls: [], testUntilMono: undefined };

export type OutputInput =
  | { readonly kind: 'alarms'; readonly alarms: readonly StandingAlarm[] }
  | { readonly kind: 'silence' }
  /** 0 ends a test. */
  | { readonly kind: 'test'; readonly durationMs: number };

export function stepOutput(
  settings: OutputSettings,
  state: OutputState,
  input: OutputInput,
  nowMono: number,
): OutputState {
  switch (input.kind) {
    case 'alarms':
      return { ...state, calls: callsOf(settings, state.calls, input.alarms, nowMono) };
    case 'silence':
      if (settings.kind !== 'siren') return state;
      return { ...state, calls: state.calls.map(call => (calls(call) ? { ...call, isSilenced: true } : call)) };
    case 'test':
      return { ...state, testUntilMono: input.durationMs > 0 ? nowMono + input.durationMs : undefined };
  }
}

/**
 * An alarm that has called is remembered as long as it stands, also while no rule fits it: one that chatters, or comes off
 * the shelf, is not new.
 */
function callsOf(
  { rules }: OutputSettings,
  before: readonly Call[],
  alarms: readonly StandingAlarm[],
  nowMono: number,
): Call[] {
  const known = new Map(before.map(one => [one.call, one]));
  return alarms.flatMap(standing => {
    const { alarm, call } = standing;
    const fitting = standing.isQuiet ? -1 : rules.findIndex(rule => fits(rule, standing));
    const rule = fitting === -1 ? undefined : fitting;
    const { comebacks } = standing;
    const old = known.get(call);
    const isBack = old !== undefined && comebacks > old.comebacks;
    if (old && !isBack) return old.rule === rule ? old : { ...old, rule };
    const came = { rule, comebacks, cameMono: nowMono };
    if (old && nowMono < old.cameMono + calmMs) return { ...old, ...came };
    return rule === undefined ? [] : { alarm, call, ...came, sinceMono: nowMono, isSilenced: false };
  });
}

function fits(rule: OutputRule, { priority, reasons }: StandingAlarm): boolean {
  return rule.priorities.includes(priority) && reasons.includes(rule.while);
}

/** What the output does at a time, and when that changes although nothing happens. */
export interface OutputNow {
  readonly pattern: OutputPattern | 'off';
  readonly why: 'alarm' | 'test' | 'nothing';
  /** Infinity when it stays like this. */
  readonly untilMono: number;
}

export function outputAt(settings: OutputSettings, state: OutputState, nowMono: number): OutputNow {
  if (state.testUntilMono !== undefined && nowMono < state.testUntilMono) {
    return { pattern: 'steady', why: 'test', untilMono: state.testUntilMono };
  }
  const sounding = state.calls.filter(call => sounds(settings, call, nowMono));
  // The rules stand in the order of their weight.
  const leading = Math.min(...sounding.map(({ rule }) => rule ?? Number.POSITIVE_INFINITY));
  const pattern = settings.rules[leading]?.pattern;
  if (!pattern) return { pattern: 'off', why: 'nothing', untilMono: Number.POSITIVE_INFINITY };
  const ends = sounding.map(({ sinceMono }) => sinceMono + longestOf(settings));
  return { pattern, why: 'alarm', untilMono: Math.min(...ends) };
}

/** Keys of the alarms that call, and how many of them no longer sound. */
export function callersAt(
  settings: OutputSettings,
  state: OutputState,
  nowMono: number,
): { readonly alarms: readonly string[]; readonly silenced: number } {
  const calling = state.calls.filter(calls);
  const silenced = calling.filter(call => !sounds(settings, call, nowMono)).length;
  return { alarms: calling.map(({ alarm }) => alarm), silenced };
}

function calls({ rule }: Call): boolean {
  return rule !== undefined;
}

function sounds(settings: OutputSettings, call: Call, nowMono: number): boolean {
  return calls(call) && !call.isSilenced && nowMono < call.sinceMono + longestOf(settings);
}

function longestOf({ longestMs }: OutputSettings): number {
  return longestMs ?? Number.POSITIVE_INFINITY;
}
