import { decodeValuesUntil } from './decode-values.ts';
import {
  cursorOn,
  instanceBits,
  instanceMask,
  isNext,
  readClosing,
  readContextObject,
  readContextUnsigned,
  readOpening,
  type TagCursor,
} from './tags.ts';
import type { BacnetValue } from './values.ts';

/** What a device tells those who have subscribed (clauses 13.6 and 13.7). */
export interface CovNotification {
  /** The number that the subscriber gave itself. */
  readonly processId: number;
  readonly deviceInstance: number;
  readonly objectType: number;
  readonly instance: number;
  /** 0 where the subscription does not end. */
  readonly timeRemainingSeconds: number;
  readonly values: readonly CovValue[];
}

export interface CovValue {
  readonly property: number;
  readonly index: number | undefined;
  readonly values: readonly BacnetValue[];
}

const deviceType = 8;

/** Undefined when it is not well formed. */
export function decodeCovNotification(payload: Buffer): CovNotification | undefined {
  const cursor = cursorOn(payload);
  const processId = readContextUnsigned(cursor, 0);
  const device = readContextObject(cursor, 1);
  const object = readContextObject(cursor, 2);
  const timeRemainingSeconds = readContextUnsigned(cursor, 3);
  if (processId === undefined || device === undefined || object === undefined || timeRemainingSeconds === undefined) {
    return undefined;
  }
  if (device >>> instanceBits !== deviceType || !readOpening(cursor, 4)) return undefined;
  const values: CovValue[] = [];
  while (!isNext(cursor, 'closing', 4)) {
    const value = decodeCovValue(cursor);
    if (!value) return undefined;
    values.push(value);
  }
  if (!readClosing(cursor, 4) || cursor.at !== cursor.end) return undefined;
  return {
    processId,
    deviceInstance: device & instanceMask,
    objectType: object >>> instanceBits,
    instance: object & instanceMask,
    timeRemainingSeconds,
    values,
  };
}

function decodeCovValue(cursor: TagCursor): CovValue | undefined {
  const property = readContextUnsigned(cursor, 0);
  if (property === undefined) return undefined;
  const hasIndex = isNext(cursor, 'context', 1);
  const index = hasIndex ? readContextUnsigned(cursor, 1) : undefined;
  if (hasIndex && index === undefined) return undefined;
  const values = readOpening(cursor, 2) ? decodeValuesUntil(cursor, 2) : undefined;
  // A priority, which is only of interest to those who command.
  if (isNext(cursor, 'context', 3) && readContextUnsigned(cursor, 3) === undefined) return undefined;
  return values && { property, index, values };
}
