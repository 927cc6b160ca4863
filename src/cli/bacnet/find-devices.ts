import type { Clock } from '../../base/clock.ts';
import type { Answer } from '../../driver.ts';
import type { BacnetFound, BacnetPlace } from '../../model/bacnet-view.ts';
import type { BacnetAsker } from './bus-choice.ts';
import { failureOf } from './failures.ts';
import type { InstanceRange } from './words.ts';

/** A device that said that it is there, and where it was heard. */
export interface Heard extends BacnetFound {
  readonly asker: BacnetAsker;
  /** Others say that they have its instance too: nobody can tell whose answer is whose. */
  readonly isConflict: boolean;
}

export interface FindOptions {
  readonly askers: readonly BacnetAsker[];
  readonly range: InstanceRange | undefined;
  /** Undefined: everybody is asked. */
  readonly at: BacnetPlace | undefined;
  /** Only devices of this network; undefined: of all. */
  readonly network: number | undefined;
  /** How long answers are waited for, in all. */
  readonly listenMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called ten times a second. */
  readonly onProgress: (elapsedMs: number, found: number) => void;
}

/**
 * Who-Is is sent twice: one datagram is lost easily, and a BBMD has to know us before it passes one on. Most devices have
 * answered after the first round, so that Ctrl-C then keeps them.
 */
const firstRoundMs = 1_000;
const progressMs = 100;

/**
 * Asks who is there and waits. Ends early when the signal comes, with what was heard until then.
 *
 * @throws PlantroomError when a port cannot be used
 */
export async function findDevices(options: FindOptions): Promise<Heard[]> {
  const { askers, clock, signal, listenMs, network } = options;
  const heard = new Map<string, Heard>();
  const startMono = clock.monoMs();
  const over = new AbortController();
  const aborted = new Promise<undefined>(resolve => signal.addEventListener('abort', () => resolve(undefined)));
  const progress = showProgress(options, startMono, heard, over.signal);
  const ask = async (asker: BacnetAsker) => {
    const firstMs = Math.min(firstRoundMs, Math.ceil(listenMs / 2));
    for (const roundMs of [firstMs, ...roundsOf(listenMs - firstMs)]) {
      if (signal.aborted) return;
      const question = { kind: 'who-is', range: options.range, at: options.at } as const;
      const answer = await Promise.race([asker.ask(question, roundMs), aborted]);
      if (answer) take(answer, asker);
    }
  };
  const take = (answer: Answer, asker: BacnetAsker) => {
    if (answer.kind !== 'bacnet-devices') throw failureOf(answer, asker, 'asking who is there');
    for (const device of answer.devices) {
      if (network !== undefined && device.network !== network) continue;
      heard.set(placeKey(device), { ...device, asker, isConflict: false });
    }
  };
  try {
    await Promise.all(askers.map(ask));
  } finally {
    over.abort();
    await progress;
  }
  return markConflicts([...heard.values()]);
}

/** A question through the daemon may take no longer than this. */
const longestRoundMs = 10_000;

function roundsOf(listenMs: number): number[] {
  const count = Math.ceil(listenMs / longestRoundMs);
  return Array.from({ length: count }, () => Math.ceil(listenMs / count));
}

async function showProgress(
  { clock, onProgress }: FindOptions,
  startMono: number,
  heard: ReadonlyMap<string, Heard>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    onProgress(clock.monoMs() - startMono, heard.size);
    await clock.sleep(progressMs, signal).catch(() => {});
  }
}

/** Behind routers a device is known by network and address there, whichever router passed on what it said. */
function placeKey({ host, port, network, mac, instance }: BacnetFound): string {
  return network === 0 ? `${host}:${port} ${instance}` : `${network}:${mac} ${instance}`;
}

/** In the order of their instances. */
function markConflicts(devices: readonly Heard[]): Heard[] {
  const counts = new Map<number, number>();
  for (const { instance } of devices) counts.set(instance, (counts.get(instance) ?? 0) + 1);
  return devices
    .map(device => ({ ...device, isConflict: (counts.get(device.instance) ?? 0) > 1 }))
    .sort((one, other) => one.instance - other.instance || placeKey(one).localeCompare(placeKey(other)));
}
