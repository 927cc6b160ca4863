import type { Device } from '../../model/device.ts';
import { isText, isTwoState, type Point } from '../../model/point.ts';
import type { Quality } from '../../model/quality.ts';
import type { Summary } from '../../model/summary.ts';
import type { PointNow } from '../plant-now.ts';
import type { DataType, NamedMetric, Properties, Typed } from './payload.ts';

/*
 * A point is the metric `<point id>`; what it did over the window of a summary is beside it below `Statistics/`, because a
 * name must not be a metric and a folder at once.
 */

/** Quality codes of Sparkplug. A good value has none. */
const qualityCodes = { bad: 0, stale: 500 };

type Statistic = 'min' | 'max' | 'mean' | 'delta';

function typeOfPoint(point: Point): DataType {
  if (isText(point)) return 'string';
  return isTwoState(point) ? 'boolean' : 'double';
}

/** Of a counter the rise is told, of other numbers the range; of texts and single bits neither. */
function statisticsOf(point: Point): readonly Statistic[] {
  if (typeOfPoint(point) !== 'double') return [];
  return point.isCounter ? ['delta'] : ['min', 'max', 'mean'];
}

/** What a birth certificate says of the points of a device. */
export function birthOfPoints(
  device: Device,
  pointNow: (pointNumber: number) => PointNow | undefined,
  nowAt: number,
): readonly NamedMetric[] {
  return device.points.flatMap(point => {
    const now = pointNow(point.number);
    const at = now && Number.isFinite(now.sampledAt) ? now.sampledAt : nowAt;
    const own = {
      name: point.id,
      ...valueNow(point, now),
      at,
      properties: describe(point, now?.quality ?? 'not-read'),
    };
    const statistics = statisticsOf(point).map(statistic => {
      return { name: statisticName(point.id, statistic), ...absent, at: nowAt, properties: undefined };
    });
    return [own, ...statistics];
  });
}

const absent: Typed = { type: 'double', value: undefined };

function valueNow(point: Point, now: PointNow | undefined): Typed {
  const type = typeOfPoint(point);
  if (type === 'string') return { type, value: now?.text };
  if (now === undefined || !Number.isFinite(now.value)) return { type, value: undefined };
  return type === 'boolean' ? { type, value: now.value !== 0 } : { type, value: now.value };
}

function describe(point: Point, quality: Quality): Properties {
  return {
    ...unitOf(point.unit),
    documentation: { type: 'string', value: point.name },
    ...(point.states && { states: { type: 'string', value: JSON.stringify(Object.fromEntries(point.states)) } }),
    ...(quality !== 'good' && qualityOf(quality === 'not-read' ? 'stale' : 'bad')),
  };
}

function unitOf(unit: string): Properties | undefined {
  return unit === '' ? undefined : { engUnit: { type: 'string', value: unit } };
}

function qualityOf(code: keyof typeof qualityCodes): Properties {
  return { Quality: { type: 'int32', value: qualityCodes[code] } };
}

/** What a summary tells, as of the end of its window. `point` is the one of the site, where it still is in there. */
export function metricsOfSummary(
  summary: Summary,
  point: Point | undefined,
  windowEnd: number,
): readonly NamedMetric[] {
  const id = summary.point.slice(summary.point.indexOf('/') + 1);
  const type = point ? typeOfPoint(point) : 'double';
  const statistics = point ? statisticsOf(point) : (['min', 'max', 'mean'] as const);
  const last = type === 'boolean' && summary.last !== undefined ? summary.last !== 0 : summary.last;
  const properties = summary.last === undefined ? qualityOf('bad') : undefined;
  const own: NamedMetric = { name: id, type, value: last, at: windowEnd, properties };
  const others = statistics.map((statistic): NamedMetric => {
    return {
      name: statisticName(id, statistic),
      type: 'double',
      value: summary[statistic],
      at: windowEnd,
      properties: undefined,
    };
  });
  return [own, ...others];
}

function statisticName(pointId: string, statistic: Statistic): string {
  return `Statistics/${pointId}/${statistic}`;
}
