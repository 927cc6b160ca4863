/**
 * A token bucket that may run into debt: what is sent is taken from it whole, however long it is, and the next waits
 * until the debt is paid. Over any time it gives out no more than its rate, one burst and one message. Pure.
 */
export interface Bucket {
  readonly bitsPerS: number;
  readonly bits: number;
  readonly atMono: number;
}

/** An idle bucket holds what it gives out in this time. */
const burstMs = 1_000;

export function fullBucket(bitsPerS: number, nowMono: number): Bucket {
  return { bitsPerS, bits: (bitsPerS * burstMs) / 1_000, atMono: nowMono };
}

export function takeBytes(bucket: Bucket, bytes: number, nowMono: number): Bucket {
  const full = fullBucket(bucket.bitsPerS, nowMono);
  return { ...full, bits: Math.min(full.bits, bitsAt(bucket, nowMono)) - bytes * 8 };
}

/** How long until something may be taken again; 0 when it may be now. */
export function debtMs(bucket: Bucket, nowMono: number): number {
  return Math.max(0, (-bitsAt(bucket, nowMono) / bucket.bitsPerS) * 1_000);
}

function bitsAt({ bitsPerS, bits, atMono }: Bucket, nowMono: number): number {
  return bits + ((nowMono - atMono) / 1_000) * bitsPerS;
}
