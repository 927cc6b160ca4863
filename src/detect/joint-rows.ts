import { otherPointOf } from '../model/alarm.ts';
import type { Sample } from '../model/point.ts';
import type { JointRow } from './alarm-row.ts';
import { isComparable } from './comparable.ts';
import { type NumberedRows, numberRows, rowsOf } from './numbered-rows.ts';

/** A point that a row looks at. */
interface Look {
  readonly point: number;
  readonly row: JointRow;
  /** It is not the row's own point but the one that is compared with. */
  readonly isOther: boolean;
  /** Place of the row's rule in the list. */
  readonly order: number;
}

export interface JointRows {
  /** By number of a point the rows that look at it. */
  readonly byPoint: NumberedRows<Look>;
  /** Those that got news with the batch under way. One list for all batches, so that a read allocates nothing. */
  readonly news: Look[];
}

export function indexJointRows(rows: readonly JointRow[]): JointRows {
  const looks = rows.flatMap((row, order): Look[] => {
    const other = otherPointOf(row.rule);
    const own = { point: row.rule.point, row, isOther: false, order };
    return other === undefined ? [own] : [own, { point: other, row, isOther: true, order }];
  });
  return { byPoint: numberRows(looks, ({ point }) => point), news: [] };
}

/** Hands a sample to the rows that look at its point. */
export function takeSample({ byPoint, news }: JointRows, sample: Sample, mono: number): void {
  const { rows, starts } = byPoint;
  const { number } = sample.point;
  // Reading beyond the end of an array costs more than asking first, and most points are not compared.
  if (number + 1 >= starts.length) return;
  const end = starts[number + 1] as number;
  for (let at = starts[number] as number; at < end; at += 1) {
    const look = rows[at] as Look;
    const { inputs } = look.row.condition;
    if (look.isOther) {
      inputs.other = sample.value;
      inputs.isOtherGood = isComparable(sample);
    } else {
      inputs.value = sample.value;
      inputs.isGood = isComparable(sample);
    }
    inputs.mono = Math.max(inputs.mono, mono);
    if (!inputs.isNew) news.push(look);
    inputs.isNew = true;
  }
}

/** The rows that have news, each once, in the order of their rules: the order of the samples makes no difference. */
export function newsOf({ news }: JointRows): readonly Look[] {
  return news.sort(byOrder);
}

const byOrder = (one: Look, other: Look): number => one.order - other.order;

/** The rows whose own point this is. */
export function ownRowsOf(joint: JointRows, point: number): readonly JointRow[] {
  return rowsOf(joint.byPoint, point).flatMap(look => (look.isOther ? [] : [look.row]));
}

export function isLookedAt({ byPoint: { starts } }: JointRows, point: number): boolean {
  return point + 1 < starts.length && (starts[point + 1] as number) > (starts[point] as number);
}
