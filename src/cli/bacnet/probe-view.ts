import { formatBacnetAddress } from '../../model/bacnet-names.ts';
import { endpointOf } from '../../model/bus.ts';
import { renderFacts } from '../render/facts.ts';
import { formatLatency, formatNumber } from '../render/number.ts';
import type { Style } from '../render/style.ts';
import type { Cell } from '../render/table.ts';
import { countOf } from '../render/words.ts';
import type { BacnetProbe, ProbedValue } from './probe-read.ts';

/** Values of a list that are shown, one a line; the rest is counted. */
const mostShown = 100;

/** What a property says and what its object says of itself, one fact a line. */
export function renderProbe(probe: BacnetProbe, value: ProbedValue, width: number | undefined, style: Style): string[] {
  const title = `${probe.label} ${formatBacnetAddress({ ...probe.object, ...probe.property })}`;
  return [style.title(title), ...renderFacts(factsOf(value, style), width, style)];
}

function factsOf(value: ProbedValue, style: Style): (readonly [string, Cell])[] {
  const { name, description, units, statusFlags, reliability, outOfService, points, responseMs } = value;
  const facts: (readonly [string, Cell | null])[] = [
    ...valueFacts(value),
    ['units', units],
    ['name', name],
    ['description', description],
    ['status flags', statusFlags && flagCell(statusFlags, style)],
    ['reliability', reliability === null ? null : warnUnless(reliability === 'no-fault-detected', reliability, style)],
    ['out of service', outOfService === null ? null : warnUnless(!outOfService, outOfService ? 'yes' : 'no', style)],
    ...points.map(point => ['point', pointText(point)] as const),
    ['answered in', formatLatency(responseMs)],
  ];
  return facts.flatMap(([label, fact]) => (fact === null ? [] : [[label, fact] as const]));
}

function valueFacts({ values, state }: ProbedValue): (readonly [string, Cell])[] {
  const [only] = values;
  if (values.length === 1 && only) {
    const text = state === null ? textOf(only) : `${only.text} (${state})`;
    return [
      ['value', text === '' ? 'empty' : text],
      ['type', only.type],
    ];
  }
  const shown = values.slice(0, mostShown).map((one, index) => [`value ${index + 1}`, textOf(one)] as const);
  const rest = values.length - shown.length;
  const types = [...new Set(values.map(({ type }) => type))].join(', ');
  return [
    ['value', values.length === 0 ? 'an empty list' : `a list of ${values.length}`],
    ...(types === '' ? [] : [['type', types] as const]),
    ...shown,
    ...(rest > 0 ? [['…', `and ${countOf(rest, 'value')} more`] as const] : []),
  ];
}

/** A REAL has 24 bits: what is beyond in its decimal text is noise. */
function textOf({ type, text, number }: ProbedValue['values'][number]): string {
  if (type !== 'real' || number === null) return text;
  for (let digits = 6; digits < 9; digits += 1) {
    const shorter = Number(number.toPrecision(digits));
    if (Math.fround(shorter) === number) return String(shorter);
  }
  return text;
}

function flagCell(flags: readonly string[], style: Style): Cell {
  return warnUnless(flags.length === 0, flags.length === 0 ? 'none is set' : flags.join(', '), style);
}

function warnUnless(isFine: boolean, text: string, style: Style): Cell {
  return { text, paint: isFine ? style.good : style.warning };
}

function pointText({ key, unit, value }: ProbedValue['points'][number]): string {
  return value === null ? key : `${key} ${formatNumber(value)} ${unit}`.trim();
}

/** What --json prints. */
export function probeDocument(probe: BacnetProbe, { responseMs, ...value }: ProbedValue) {
  const { asker, device, instance, target, object, property } = probe;
  return {
    endpoint: endpointOf(asker.bus),
    bus: asker.isThroughDaemon ? asker.bus.id : null,
    device: device ?? null,
    instance,
    place: target.kind === 'place' ? target.place : null,
    address: formatBacnetAddress({ ...object, ...property }),
    responseMs,
    ...value,
    values: value.values.map(({ type, text, number }) => ({ type, text, number })),
  };
}
