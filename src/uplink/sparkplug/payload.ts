/** What is in a Sparkplug B message, as plain data. codec.ts turns it into bytes and back. */

/** Indexes of the data types that plantroom sends (Sparkplug 3.0, 6.4.16). */
export const dataTypes = {
  int32: 3,
  int64: 4,
  uint64: 8,
  double: 10,
  boolean: 11,
  string: 12,
  dateTime: 13,
} as const;
export type DataType = keyof typeof dataTypes;

export type Scalar = number | boolean | string;

/** A value with its type; undefined is the explicit null. Whole numbers must be safe integers. */
export interface Typed {
  readonly type: DataType;
  readonly value: Scalar | undefined;
}

export type Properties = Readonly<Record<string, Typed>>;

export interface Metric extends Typed {
  /** Births name a metric; data go by the alias alone. */
  readonly name: string | undefined;
  /** Undefined only in a death certificate, which comes before any birth. */
  readonly alias: number | undefined;
  /** When the value was so, wall time. */
  readonly at: number;
  /** It was so at some earlier time: to be kept, not to be shown as the present. */
  readonly isHistorical: boolean;
  readonly properties: Properties | undefined;
}

/** A metric under its name, before it has its alias. */
export interface NamedMetric extends Typed {
  readonly name: string;
  /** When the value was so, wall time. */
  readonly at: number;
  readonly properties: Properties | undefined;
}

/** What a host may write: by name or by alias, as it likes. */
export interface WrittenMetric {
  readonly name: string | undefined;
  readonly alias: number | undefined;
  readonly value: Scalar | undefined;
}
