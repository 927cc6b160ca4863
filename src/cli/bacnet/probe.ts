import { PlantroomError } from '../../base/errors.ts';
import { type CliContext, styleFor, widthOf } from '../context.ts';
import type { PlantSource } from '../modbus/plant-source.ts';
import type { GlobalOptions } from '../options.ts';
import { printJson, printLines } from '../output.ts';
import { type BacnetProbe, type ProbedValue, takeProbe } from './probe-read.ts';
import { type BacnetProbeWords, findProbeTarget } from './probe-target.ts';
import { probeDocument, renderProbe } from './probe-view.ts';
import { watchProbe } from './probe-watch.ts';
import { parseObject, parseProperty } from './words.ts';

export interface BacnetProbeOptions extends GlobalOptions, BacnetProbeWords {
  readonly socket?: string;
  readonly json?: boolean;
  readonly timeoutMs: number;
  readonly watch?: boolean;
  readonly interval?: number;
}

const usualIntervalMs = 1_000;

/** Reads one property of one object, with what the object says of it. @throws PlantroomError */
export async function probeBacnet(
  context: CliContext,
  source: PlantSource,
  where: string,
  words: readonly string[],
  options: BacnetProbeOptions,
): Promise<void> {
  const { bus, interface: name, address, port, to, network } = options;
  const said = Object.entries({ bus, interface: name, address, port, to, network }).filter(
    ([, word]) => word !== undefined,
  );
  const target = await findProbeTarget(context, source, where, Object.fromEntries(said));
  const probe: BacnetProbe = { ...target, ...readWords(words, target.instance), timeoutMs: options.timeoutMs };
  try {
    if (options.watch) {
      await watchProbe(context, probe, { json: options.json, intervalMs: options.interval ?? usualIntervalMs });
    } else show(context, probe, await takeProbe(probe), options);
  } finally {
    await target.asker.close();
  }
}

function show(context: CliContext, probe: BacnetProbe, value: ProbedValue, { json }: BacnetProbeOptions): void {
  if (json) printJson(context, probeDocument(probe, value));
  else printLines(context, renderProbe(probe, value, widthOf(context.out), styleFor(context.out, context.env)));
}

/** `analog-input 3 units`, `analog-input:3`, `device`: an object in one word or in two, then a property. */
function readWords([first = '', ...rest]: readonly string[], device: number) {
  const isSplit = !/[:\s]/.test(first.trim()) && /^\d+$/.test(rest[0] ?? '');
  const object = parseObject(isSplit ? `${first} ${rest[0]}` : first, device);
  const [property, ...others] = isSplit ? rest.slice(1) : rest;
  if (others.length > 0) {
    throw new PlantroomError(`nobody knows what ${others.join(' ')} means here`, {
      kind: 'usage',
      hint: 'give an object and one property: analog-input 3 units',
    });
  }
  const isDevice = first === 'device' && property === undefined;
  return { object, property: parseProperty(property ?? (isDevice ? 'object-name' : 'present-value')) };
}
