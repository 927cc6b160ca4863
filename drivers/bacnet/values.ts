/** Values as BACnet has them (clause 20.2), each decoded to what it says and no further. */
export type BacnetValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** Up to 2^53 exactly. */
  | { readonly kind: 'unsigned'; readonly value: number }
  | { readonly kind: 'signed'; readonly value: number }
  /** An integer that a double does not hold exactly. */
  | { readonly kind: 'too-large' }
  /** NaN and infinities as they come. */
  | { readonly kind: 'real'; readonly value: number }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'octets'; readonly bytes: Uint8Array }
  /** `text` is undefined where the character set is not known, or its bytes are not of it. */
  | { readonly kind: 'text'; readonly text: string | undefined }
  /** In the order of the standard: of status-flags in-alarm is the first. */
  | { readonly kind: 'bits'; readonly bits: readonly boolean[] }
  | { readonly kind: 'enumerated'; readonly value: number }
  | BacnetDate
  | BacnetTime
  | { readonly kind: 'object'; readonly type: number; readonly instance: number }
  /** A value within constructed data, of which only the place is said, not the type: see readTagged in decode-values.ts. */
  | { readonly kind: 'tagged'; readonly context: number; readonly bytes: Buffer }
  | { readonly kind: 'constructed'; readonly context: number; readonly values: readonly BacnetValue[] };

/** What is undefined was left open: "any". */
export interface BacnetDate {
  readonly kind: 'date';
  readonly year: number | undefined;
  /** 1 to 12; 13 and 14 are all odd and all even months. */
  readonly month: number | undefined;
  /** 1 to 31; 32 to 34 are the last day, all odd and all even days. */
  readonly day: number | undefined;
  /** 1 is Monday. */
  readonly weekday: number | undefined;
}

export interface BacnetTime {
  readonly kind: 'time';
  readonly hour: number | undefined;
  readonly minute: number | undefined;
  readonly second: number | undefined;
  readonly hundredth: number | undefined;
}

/** One property of one object, or one element of it. */
export interface PropertyReference {
  readonly objectType: number;
  readonly instance: number;
  readonly property: number;
  /** Of an array: 0 is its length. Undefined for all of it. */
  readonly index: number | undefined;
  /** What it is known by, where that was made before: see keyOf in learned.ts. */
  readonly key?: string;
}

/** What a device says of one property. */
export type PropertyResult =
  /** One value, or those of a list or an array. */
  | { readonly kind: 'values'; readonly values: readonly BacnetValue[] }
  | { readonly kind: 'error'; readonly errorClass: number; readonly errorCode: number };
