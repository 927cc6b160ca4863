import type { Read } from '../driver.ts';
import type { Sample, SampleBatch } from '../model/point.ts';
import type { BadReason } from '../model/quality.ts';
import { type Scaling, scaleReading, scalingOf } from './scale.ts';

export type Batch = SampleBatch & { readonly samples: readonly Sample[] };

/** One read with the batch that its samples are delivered in; both are reused by every poll. */
export interface PlannedRead {
  readonly read: Read;
  readonly batch: Batch;
  /** One for each point of the read. */
  readonly scalings: readonly Scaling[];
}

export function planRead(read: Read): PlannedRead {
  const batch: Batch = {
    device: read.device.number,
    samples: read.points.map(point => ({ point, value: Number.NaN, text: undefined, quality: 'not-read' })),
    isAnswered: false,
    sampledAtMono: 0,
    sampledAt: 0,
  };
  return { read, batch, scalings: read.points.map(scalingOf) };
}

/** Scales what the read brought into its batch. */
export function fillBatch({ read, batch, scalings }: PlannedRead): void {
  for (let index = 0; index < batch.samples.length; index += 1) {
    const reading = read.readings[index];
    const sample = batch.samples[index];
    const scaling = scalings[index];
    if (reading && sample && scaling) scaleReading(reading, sample, scaling);
  }
}

/** Makes every sample of a batch bad for one reason: the read failed, or was not made at all. */
export function spoilBatch(batch: Batch, reason: BadReason): void {
  batch.isAnswered = false;
  for (const sample of batch.samples) {
    sample.value = Number.NaN;
    sample.text = undefined;
    sample.quality = reason;
  }
}
