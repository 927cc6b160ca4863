import { parseDuration } from '../base/duration.ts';
import type { Counted, Lasting, LongRule } from '../model/alarm.ts';
import { counterTermsOf } from '../model/counter.ts';
import { say } from '../model/texts.ts';
import { formatQuantity, parseQuantity } from '../model/unit.ts';
import { longConditions } from './alarm-checks.ts';
import { statesOf, writtenStates } from './alarm-states.ts';
import {
  complain,
  isDeadbandNarrow,
  type RuleParts,
  readDeadband,
  readOneOf,
  readQuantity,
  readSize,
} from './rule-parts.ts';
import type { RawAlarm } from './schema.ts';

/** The rules with long memories, from the site file. */
type LongConditionName = (typeof longConditions)[number];

export function isLongCondition(condition: string): condition is LongConditionName {
  return longConditions.some(name => name === condition);
}

export function buildLongRule(parts: RuleParts, condition: LongConditionName): LongRule | undefined {
  return builders[condition](parts);
}

type Written<Name extends LongConditionName> = NonNullable<RawAlarm[Name]>;
type States = string | number | readonly (string | number)[];

const builders: Record<LongConditionName, (parts: RuleParts) => LongRule | undefined> = {
  'counter-rate': parts => buildCounterRate(parts, parts.raw['counter-rate'] as Written<'counter-rate'>),
  duration: parts => buildDuration(parts, parts.raw.duration as Written<'duration'>),
  missing: parts => buildMissing(parts, parts.raw.missing as Written<'missing'>),
  band: parts => buildBand(parts, parts.raw.band as Written<'band'>),
  forecast: parts => buildForecast(parts, parts.raw.forecast as Written<'forecast'>),
};

function buildCounterRate(parts: RuleParts, raw: Written<'counter-rate'>): LongRule | undefined {
  const counted = readCounted(parts, 'counter-rate', raw.state);
  const comparison = readOneOf(parts, 'counter-rate', raw, ['more-than', 'less-than']);
  if (!counted || !comparison) return undefined;
  const limit = readCount(parts, comparison, raw[comparison] ?? '', counted);
  if (limit === undefined) return undefined;
  const { language } = parts.build;
  const isMore = comparison === 'more-than';
  const words = { name: parts.point.name, time: raw.in };
  const rise = { ...words, amount: formatQuantity(limit, parts.point.unit) };
  const comings = { ...words, states: nameOf(parts, raw), amount: timesOf(parts, limit) };
  const usual =
    counted.kind === 'rise'
      ? say(language, isMore ? 'risesMore' : 'risesLess', rise)
      : say(language, isMore ? 'comesMore' : 'comesLess', comings);
  const message = parts.raw.message ?? usual;
  return { ...parts.base, kind: 'counter-rate', message, counted, comparison, limit, windowMs: msOf(raw.in) };
}

/** Of a state it is a number of times, whatever unit the point has. */
function readCount(parts: RuleParts, key: string, written: string | number, counted: Counted): number | undefined {
  if (counted.kind === 'rise')
    return readSize(parts, written, { path: ['counter-rate', key], mayBeZero: key === 'more-than' });
  const times = Number(written);
  if (times >= 0 && (times > 0 || key === 'more-than')) return times;
  return complain(parts, ['counter-rate', key], `"${written}" is no number of times`, 'write a number such as 15');
}

function buildDuration(parts: RuleParts, raw: Written<'duration'>): LongRule | undefined {
  const kind = readOneOf(parts, 'duration', raw, ['state', 'above', 'below']);
  const lasting = kind && readLasting(parts, raw, kind);
  if (!lasting) return undefined;
  const { language } = parts.build;
  const words = { name: parts.point.name, time: raw['longer-than'] };
  const usual =
    lasting.kind === 'state'
      ? say(language, 'tooLong', { ...words, states: nameOf(parts, raw) })
      : say(language, lasting.kind === 'above' ? 'tooLongAbove' : 'tooLongBelow', {
          ...words,
          limit: formatQuantity(lasting.limit, parts.point.unit),
        });
  const message = parts.raw.message ?? usual;
  return { ...parts.base, kind: 'duration', message, lasting, longestMs: msOf(raw['longer-than']) };
}

function readLasting(parts: RuleParts, raw: Written<'duration'>, kind: Lasting['kind']): Lasting | undefined {
  const { deadband: written } = parts.raw;
  if (kind === 'state') {
    if (written !== undefined) {
      return complain(parts, ['deadband'], '"deadband" belongs to limits only', 'remove it');
    }
    return { kind, states: statesOf(parts, parts.point, ['duration', 'state']) };
  }
  const limit = readQuantity(parts, ['duration', kind], raw[kind] ?? '', 'value');
  const deadband = readDeadband(parts);
  return limit === undefined || deadband === undefined ? undefined : { kind, limit, deadband };
}

function buildMissing(parts: RuleParts, raw: Written<'missing'>): LongRule | undefined {
  const counted = readCounted(parts, 'missing', raw.state);
  if (!counted) return undefined;
  const words = { name: parts.point.name, time: raw.within };
  const usual =
    counted.kind === 'rise'
      ? say(parts.build.language, 'notRisen', words)
      : say(parts.build.language, 'notReached', { ...words, states: nameOf(parts, raw) });
  const message = parts.raw.message ?? usual;
  return { ...parts.base, kind: 'missing', message, counted, withinMs: msOf(raw.within) };
}

function buildBand(parts: RuleParts, raw: Written<'band'>): LongRule | undefined {
  const kind = readOneOf(parts, 'band', raw, ['factor', 'share']);
  const value = kind === 'share' ? readShare(parts, raw.share ?? '') : raw.factor;
  const minChange = readSize(parts, raw['min-change'], { path: ['band', 'min-change'], mayBeZero: true });
  const deadband = readDeadband(parts);
  if (!kind || value === undefined || minChange === undefined || deadband === undefined) return undefined;
  if (deadband > 0 && !isDeadbandNarrow(parts, deadband, minChange)) return undefined;
  const direction = raw.direction ?? 'both';
  const key = ({ above: 'bandAbove', below: 'bandBelow', both: 'band' } as const)[direction];
  const message = parts.raw.message ?? say(parts.build.language, key, { name: parts.point.name });
  const terms = { slotMs: msOf(raw.of ?? '1h'), days: raw.days ?? 14, width: { kind, value }, minChange, deadband };
  return { ...parts.base, kind: 'band', message, ...terms, direction };
}

function readShare(parts: RuleParts, written: string | number): number | undefined {
  const parsed = parseQuantity(String(written));
  if (parsed?.unit === '%' && parsed.value > 0) return parsed.value / 100;
  return complain(parts, ['band', 'share'], `"${written}" is no share`, 'write how many percent, such as 40 %');
}

function buildForecast(parts: RuleParts, raw: Written<'forecast'>): LongRule | undefined {
  const limit = readQuantity(parts, ['forecast', 'reaches'], raw.reaches, 'value');
  const minChange = readSize(parts, raw['min-change'], { path: ['forecast', 'min-change'], mayBeZero: false });
  if (limit === undefined || minChange === undefined) return undefined;
  const words = { name: parts.point.name, limit: formatQuantity(limit, parts.point.unit), time: raw.within };
  const message = parts.raw.message ?? say(parts.build.language, 'forecast', words);
  const windowMs = msOf(raw.over);
  return { ...parts.base, kind: 'forecast', message, limit, withinMs: msOf(raw.within), windowMs, minChange };
}

function readCounted(parts: RuleParts, condition: string, state: States | undefined): Counted | undefined {
  const { point } = parts;
  if (state !== undefined) return { kind: 'state', states: statesOf(parts, point, [condition, 'state']) };
  if (point.isCounter) return { kind: 'rise', terms: counterTermsOf(point) };
  return complain(parts, ['point'], `${point.key} is no counter`, 'give the point counter: true if it only rises');
}

function nameOf({ build }: RuleParts, { state }: { readonly state?: States | undefined }): string {
  return writtenStates(state ?? '', build.language);
}

function timesOf({ build }: RuleParts, count: number): string {
  return count === 1 ? say(build.language, 'once', {}) : say(build.language, 'times', { count });
}

function msOf(written: string): number {
  return parseDuration(written) ?? 0;
}
