import { explainRefusal } from './failures.ts';
import type { Heard } from './find-devices.ts';
import { takeTurns } from './lanes.ts';
import { deviceType, properties, readValues, textOf } from './read-values.ts';

/** A device with what it says of itself; undefined what it does not say. */
export interface Identified extends Heard {
  readonly name: string | undefined;
  readonly vendor: string | undefined;
  readonly model: string | undefined;
  /** Why it did not tell; undefined when it did. */
  readonly failure: string | undefined;
}

export interface IdentifyOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onAsked: (done: number) => void;
}

/** Devices that are asked at once. */
const lanes = 4;

/** Asks each who it is, at the very place where it was heard, so that two of one instance are never mixed. */
export async function identifyAll(devices: readonly Heard[], options: IdentifyOptions): Promise<Identified[]> {
  const found: Identified[] = devices.map(device => ({ ...device, ...unknown }));
  let done = 0;
  await takeTurns([...devices.entries()], lanes, options.signal, async ([index, device]) => {
    found[index] = await identify(device, options.timeoutMs);
    done += 1;
    options.onAsked(done);
  });
  return found;
}

const unknown = { name: undefined, vendor: undefined, model: undefined, failure: undefined } as const;

async function identify(device: Heard, timeoutMs: number): Promise<Identified> {
  const { host, port, network, mac, instance } = device;
  const asked = [properties.objectName, properties.vendorName, properties.modelName].map(property => ({
    objectType: deviceType,
    instance,
    property,
  }));
  const target = { kind: 'place', place: { host, port, network, mac } } as const;
  const read = await readValues(device.asker, target, asked, timeoutMs);
  if (read.kind === 'failed') return { ...device, ...unknown, failure: read.detail };
  const [name, vendor, model] = read.values.map(textOf);
  const [first] = read.values;
  // Every Device object has a name: who refuses to tell it is not the device that it says.
  if (name === undefined && first?.kind === 'refused')
    return { ...device, ...unknown, failure: explainRefusal(first.text).words };
  return { ...device, name, vendor, model, failure: undefined };
}
