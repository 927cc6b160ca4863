/** BACnet as people ask for it and see it. Plain JSON data. */

/** Where a device is: on IP, or behind a router (network 1 to 65534, mac in hex). */
export interface BacnetPlace {
  readonly host: string;
  readonly port: number;
  /** 0 on the IP network itself. */
  readonly network: number;
  /** Empty on the IP network itself. */
  readonly mac: string;
}

/** A device by its instance, which is looked for, or by its place. */
export type BacnetTarget =
  | { readonly kind: 'instance'; readonly instance: number }
  | { readonly kind: 'place'; readonly place: BacnetPlace };

export interface BacnetProperty {
  readonly objectType: number;
  readonly instance: number;
  readonly property: number;
  /** Of an array: 0 is its length. Undefined for all of it. */
  readonly index?: number | undefined;
}

/** What a device says of one property. */
export type BacnetShown =
  | { readonly kind: 'values'; readonly values: readonly BacnetShownValue[] }
  | { readonly kind: 'refused'; readonly text: string };

export interface BacnetShownValue {
  /** `real`, `enumerated`, `text` … */
  readonly type: string;
  readonly text: string;
  /** Of an object reference: its type and number. */
  readonly object?: { readonly objectType: number; readonly instance: number };
  /** Null where it is none. */
  readonly number: number | null;
}

/** A device that said that it is there. */
export interface BacnetFound extends BacnetPlace {
  readonly instance: number;
  readonly vendorId: number;
  readonly maxApdu: number;
  readonly segmentation: 'both' | 'transmit' | 'receive' | 'none';
}
