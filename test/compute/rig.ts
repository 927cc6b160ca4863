import { createComputer } from '../../src/compute/computer.ts';
import { createDetector } from '../../src/detect/detector.ts';
import type { Point, Sample, SampleBatch } from '../../src/model/point.ts';
import type { Quality } from '../../src/model/quality.ts';
import { createNumbering, parseSite } from '../../src/site/site.ts';
import { wallAt } from '../detect/plant.ts';

/** A number, the number of a state, or why there is none. */
export type Value = number | Exclude<Quality, 'good'>;

const selfProfile = `protocol: self
vendor: plantroom
model: itself
source: [this test]
trust: whole
points: [{id: uptime, measure: uptime, unit: s}]
`;

/** One pump room, and what a test adds to its site file. */
function siteText(more: string): string {
  return `gateway: {id: g}
buses: [{id: b, protocol: modbus-tcp, host: 127.0.0.1}]
devices:
  - id: booster
    bus: b
    points:
      - {id: p, holding-register: 0, type: f32, unit: bar}
      - {id: flow, holding-register: 2, type: f32, unit: m3/h}
      - {id: run, coil: 0}
  - id: feeder
    bus: b
    unit-id: 2
    points:
      - {id: power, holding-register: 0, type: f32, unit: kW}
      - {id: l1, holding-register: 2, type: f32, unit: A}
      - {id: l2, holding-register: 4, type: f32, unit: A}
      - {id: l3, holding-register: 6, type: f32, unit: A}
${more}`;
}

function readSite(more: string, numbering = createNumbering()) {
  const loaded = parseSite(siteText(more), 'site.yaml', {
    numbering,
    readProfile: name => ({ kind: 'found', file: `${name}.yaml`, text: selfProfile }),
    resolvePath: path => path,
  });
  if (loaded.kind === 'wrong') throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return loaded.site;
}

/** Detector and computer of a site, connected as the gateway connects them. */
export function startPlant(more: string) {
  const numbering = createNumbering();
  let site = readSite(more, numbering);
  const detector = createDetector(site.rules, []);
  const now = new Map<number, Sample>();
  const computer = createComputer({
    expressions: site.expressions,
    isActive: detector.isActive,
    pointNow: number => now.get(number),
  });
  const told: string[] = [];

  function take(batch: SampleBatch, isHidden: boolean): string[] {
    for (const sample of batch.samples) {
      now.set(sample.point.number, { ...sample });
      const value = sample.quality === 'good' ? sample.value : sample.quality;
      if (sample.point.address.protocol === 'computed' && !isHidden) told.push(`${sample.point.key} = ${value}`);
    }
    const changes = detector.step(batch);
    for (const { kind, rule } of changes) told.push(`${kind} ${rule.key}`);
    return changes.map(({ rule }) => rule.key);
  }

  return {
    /** What follows from one read of a device: `computed/x = 3`, `met device/alarm`, `on suppression`. */
    read(mono: number, values: Readonly<Record<string, Value>>): string[] {
      told.length = 0;
      const batch = batchOf(site.points, mono, values);
      for (const { suppression, isOn } of computer.step(batch, take(batch, false), take)) {
        told.push(`${isOn ? 'on' : 'off'} ${suppression}`);
      }
      return [...told];
    },
    reload(changed: string): void {
      site = readSite(changed, numbering);
      detector.replaceRules(site.rules, { mono: 0, wall: 0 });
      computer.replace(site.expressions);
    },
    site: () => site,
  };
}

function batchOf(points: readonly Point[], mono: number, values: Readonly<Record<string, Value>>): SampleBatch {
  const samples = Object.entries(values).map(([key, value]): Sample => {
    const point = points.find(one => one.key === key);
    if (!point) throw new Error(`no point ${key}`);
    return typeof value === 'number'
      ? { point, value, text: undefined, quality: 'good' }
      : { point, value: Number.NaN, text: undefined, quality: value };
  });
  const [first] = samples;
  const isLost = first?.quality === 'timeout' || first?.quality === 'no-connection';
  return {
    device: first?.point.device ?? 0,
    samples,
    isAnswered: !isLost,
    sampledAtMono: mono,
    sampledAt: wallAt(mono),
  };
}
