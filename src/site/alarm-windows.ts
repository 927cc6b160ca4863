import { formatDuration, parseDuration } from '../base/duration.ts';
import type { Rule } from '../model/alarm.ts';
import { say } from '../model/texts.ts';
import { isDeadbandNarrow, type RuleParts, readDeadband, readSize } from './rule-parts.ts';
import { placeOfValue } from './tree.ts';

const measures = { deviation: 'deviation', 'peak-to-peak': 'peak-to-peak' } as const;

export function buildSpreadRule(parts: RuleParts): Rule | undefined {
  const { raw, tree, point, build, base } = parts;
  const given = raw.spread;
  const [measure, second] = Object.values(measures).filter(name => given?.[name] !== undefined);
  if (!given || !measure || second) {
    const message = second ? 'a spread has one measure, not both' : 'the spread does not say how far';
    const hint = 'write one of deviation or peak-to-peak: {over: 60s, deviation: 0.2 bar}';
    build.problems.error(placeOfValue(tree, 'spread', second ?? ''), message, hint);
    return undefined;
  }
  const written = given[measure] ?? '';
  const limit = readSize(parts, written, { path: ['spread', measure], mayBeZero: false });
  const deadband = readDeadband(parts);
  if (limit === undefined || deadband === undefined || !isDeadbandNarrow(parts, deadband, limit)) return undefined;
  const message = raw.message ?? say(build.language, 'spread', { name: point.name, size: written, time: given.over });
  return { ...base, kind: 'spread', message, measure, limit, deadband, windowMs: parseDuration(given.over) ?? 0 };
}

export function buildStaleRule({ raw, point, base, build }: RuleParts): Rule | undefined {
  const longestMs = parseDuration(raw.stale ?? '') ?? 0;
  const message = raw.message ?? say(build.language, 'stale', { name: point.name, time: formatDuration(longestMs) });
  return { ...base, kind: 'stale', message, longestMs };
}
