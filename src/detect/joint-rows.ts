import { otherPointOf } from '../model/alarm.ts';
import type { SampleBatch } from '../model/point.ts';
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

/** By number of a point the rows that look at it beside another one. */
export type JointRows = NumberedRows<Look>;

export function indexJointRows(rows: readonly JointRow[]): JointRows {
  const looks = rows.flatMap((row, order): Look[] => {
    const other = otherPointOf(row.rule);
    const own = { point: row.rule.point, row, isOther: false, order };
    return other === undefined ? [own] : [own, { point: other, row, isOther: true, order }];
  });
  return numberRows(looks, ({ point }) => point);
}

/**
 * Hands the samples of a batch to the rows that look at them.
 * @returns the rows that have news, each once, in the order of their rules; the order of the samples makes no difference.
 */
export function takeInputs({ rows, starts }: JointRows, batch: SampleBatch, mono: number): readonly JointRow[] {
  const news: Look[] = [];
  for (const sample of batch.samples) {
    const { number } = sample.point;
    const end = starts[number + 1] ?? 0;
    for (let at = starts[number] ?? end; at < end; at += 1) {
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
  return news.sort((one, other) => one.order - other.order).map(({ row }) => row);
}

/** The rows whose own point this is. */
export function ownRowsOf(joint: JointRows, point: number): readonly JointRow[] {
  return rowsOf(joint, point).flatMap(look => (look.isOther ? [] : [look.row]));
}
