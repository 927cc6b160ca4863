import { formatDuration } from '../../base/duration.ts';
import { exitCodes, PlantroomError } from '../../base/errors.ts';
import { mostBacnetInstance } from '../../model/bacnet-names.ts';
import type { BacnetPlace } from '../../model/bacnet-view.ts';
import { type BacnetIpBus, bacnetPort, endpointOf } from '../../model/bus.ts';
import { type CliContext, styleFor, widthOf } from '../context.ts';
import { note } from '../modbus/note.ts';
import { openPlantSource, type PlantSource } from '../modbus/plant-source.ts';
import type { GlobalOptions } from '../options.ts';
import { printJson, printLines } from '../output.ts';
import { createProgressBar, type ProgressBar } from '../render/progress-bar.ts';
import { escapeText } from '../render/text.ts';
import { countOf } from '../render/words.ts';
import { untilSignal } from '../signals.ts';
import { type BacnetAsker, type BusWords, chooseBuses, openAsker } from './bus-choice.ts';
import { findDevices } from './find-devices.ts';
import { type Identified, identifyAll } from './identify.ts';
import { type ObjectRow, walkObjects } from './object-list.ts';
import { renderObjects } from './objects-view.ts';
import { formatPlace, renderDevices, scanDocument } from './scan-view.ts';
import { type InstanceRange, parseHost, parseInstances, parseNetwork } from './words.ts';
import { checkSiteFile, checkWriteWords, type Walked, type WriteWords, writeFound } from './write.ts';

export interface ScanWords extends GlobalOptions, BusWords, WriteWords {
  readonly socket?: string;
  readonly json?: boolean;
  readonly to?: string;
  readonly instances?: string;
  readonly network?: string;
  readonly wait?: number;
  readonly timeout?: number;
  /** True without an instance: of all devices. */
  readonly objects?: string | true;
}

/** Devices spread their answers, and a router has to pass them on. */
const usualWaitMs = 3_000;
const usualTimeoutMs = 3_000;

const everyInstance: InstanceRange = { low: 0, high: mostBacnetInstance };

/** What a scan looks for. */
interface Aim {
  readonly range: InstanceRange | undefined;
  readonly at: BacnetPlace | undefined;
  readonly network: number | undefined;
  /** Devices whose objects are listed. */
  readonly walked: InstanceRange | undefined;
  readonly waitMs: number;
  readonly timeoutMs: number;
}

interface Found extends Walked {
  readonly isComplete: boolean;
}

/** Looks for devices, and for their objects. @throws PlantroomError, `not-found` when nothing answers */
export async function scanBacnet(context: CliContext, words: ScanWords): Promise<void> {
  checkWriteWords(words);
  const aimed = { ...words, objects: words.write && words.objects === undefined ? true : words.objects } as const;
  const source = await openSource(context, words);
  if (words.write) await checkSiteFile(context, words, source);
  const buses = chooseBuses(context, source, words);
  const aim = aimOf(aimed, buses);
  const askers: BacnetAsker[] = [];
  try {
    for (const bus of buses) askers.push(await openAsker(context, source, bus));
    const found = await run(context, aimed, aim, askers);
    show(context, words, source, found);
    if (found.devices.length === 0 && found.isComplete) throw nothingFound(words, buses);
    if (!found.isComplete) context.exitCode = exitCodes.interrupted;
    else if (words.write) await writeFound(context, words, source, found);
  } finally {
    await Promise.all(askers.map(asker => asker.close()));
  }
}

/** A site file that is only to be written to may be given while a daemon runs. */
async function openSource(context: CliContext, words: ScanWords): Promise<PlantSource> {
  if (!words.write) return openPlantSource(context, words, words.site);
  const running = await openPlantSource(context, words);
  return running.client ? running : openPlantSource(context, words, words.site);
}

function aimOf(words: ScanWords, [bus]: readonly BacnetIpBus[]): Aim {
  const wanted = words.instances === undefined ? undefined : parseInstances('--instances', words.instances);
  const named = typeof words.objects === 'string' ? parseInstances('--objects', words.objects) : undefined;
  const routed = words.network === undefined ? undefined : parseNetwork('--network', words.network);
  const host = words.to === undefined ? undefined : parseHost('--to', words.to, bus?.port ?? bacnetPort);
  return {
    range: wanted ?? named,
    at: host && { ...host, network: routed?.network ?? 0, mac: routed?.mac ?? '' },
    network: routed?.network,
    walked: words.objects === true ? everyInstance : named,
    waitMs: words.wait ?? usualWaitMs,
    timeoutMs: words.timeout ?? usualTimeoutMs,
  };
}

async function run(context: CliContext, words: ScanWords, aim: Aim, askers: readonly BacnetAsker[]): Promise<Found> {
  if (!words.json || context.err.isTTY) context.err.write(`${describeAim(words, aim, askers)}\n`);
  const bar = createProgressBar(context);
  return untilSignal(context, async ({ signal }) => {
    try {
      const heard = await findDevices({
        ...aim,
        askers,
        listenMs: aim.waitMs,
        clock: context.clock,
        signal,
        onProgress: (elapsedMs, found) =>
          bar.show(`listening · ${found} found`, Math.min(elapsedMs, aim.waitMs), aim.waitMs),
      });
      const onAsked = (done: number) => bar.show('asking who they are', done, heard.length);
      const devices = await identifyAll(heard, { timeoutMs: aim.timeoutMs, signal, onAsked });
      const wanted = aim.walked && devices.filter(device => isIn(device.instance, aim.walked));
      const walked = wanted && (await walkAll(wanted, aim.timeoutMs, bar, signal));
      return {
        devices,
        objects: walked?.objects,
        failures: walked?.failures ?? new Map(),
        isComplete: !signal.aborted,
      };
    } finally {
      bar.clear();
    }
  });
}

function isIn(instance: number, range: InstanceRange | undefined): boolean {
  return range !== undefined && instance >= range.low && instance <= range.high;
}

async function walkAll(devices: readonly Identified[], timeoutMs: number, bar: ProgressBar, signal: AbortSignal) {
  const objects = new Map<Identified, readonly ObjectRow[]>();
  const failures = new Map<Identified, string>();
  for (const device of devices) {
    if (signal.aborted || device.failure !== undefined) continue;
    const { asker, instance, host, port, network, mac, segmentation } = device;
    const walk = await walkObjects({
      asker,
      target: { kind: 'place', place: { host, port, network, mac } },
      instance,
      takesLong: segmentation === 'both' || segmentation === 'transmit',
      timeoutMs,
      signal,
      onProgress: (label, done, total) => bar.show(`${instance}: ${label}`, done, total),
    });
    if (walk.kind === 'walked') objects.set(device, walk.objects);
    const failure = walk.kind === 'walked' ? walk.failure : walk.detail;
    if (failure !== undefined) failures.set(device, failure);
  }
  return { objects, failures };
}

function show(context: CliContext, words: ScanWords, source: PlantSource, found: Found): void {
  const known = source.plant.bacnet.devices;
  const { devices, objects, failures, isComplete } = found;
  if (words.json) {
    printJson(context, scanDocument({ isComplete, devices, failures, ...(objects && { objects }) }, known));
    return;
  }
  const [style, width] = [styleFor(context.out, context.env), widthOf(context.out)];
  if (devices.length > 0) printLines(context, renderDevices(devices, known, width, style));
  for (const [device, rows] of objects ?? []) {
    const title = `${device.instance} ${device.name ?? ''}`.trim();
    printLines(context, [
      '',
      style.title(`${escapeText(title)} at ${formatPlace(device)}: ${countOf(rows.length, 'object')}`),
    ]);
    printLines(context, renderObjects(rows, width, style));
  }
  for (const [device, failure] of failures)
    note(context, words, `the objects of ${device.instance} at ${formatPlace(device)} are not all here: ${failure}`);
  const end = isComplete ? 'Done' : 'Stopped';
  if (devices.length > 0 || !isComplete) context.err.write(`${end}: ${devices.length} found.\n`);
}

function describeAim({ network }: ScanWords, { range, at, waitMs }: Aim, askers: readonly BacnetAsker[]): string {
  const who = !range
    ? 'all devices'
    : range.low === range.high
      ? `device ${range.low}`
      : `devices ${range.low} to ${range.high}`;
  const where = at ? `at ${at.host}:${at.port}` : 'by broadcast';
  const behind = network === undefined ? '' : ` of network ${network}`;
  const by = askers.map(({ bus, isThroughDaemon }) =>
    isThroughDaemon ? `the daemon (bus ${bus.id})` : endpointOf(bus),
  );
  return `asking ${who}${behind} ${where} through ${by.join(', ')}, ${formatDuration(waitMs)}; Ctrl-C keeps what was found`;
}

function nothingFound({ to, bbmd }: ScanWords, buses: readonly BacnetIpBus[]): PlantroomError {
  const isEverywhere = buses.some(({ address }) => address === '0.0.0.0');
  const hints = [
    ...(to === undefined ? [] : ['check the address and its port, and whether the device speaks BACnet/IP']),
    ...(bbmd === undefined ? [] : ['check the address of the BBMD, and whether it takes foreign devices']),
    ...(to === undefined && isEverywhere
      ? ['name the interface with --interface: a broadcast leaves by one only']
      : []),
    'try a longer --wait; devices on another subnet are reached with --to or --bbmd',
  ];
  return new PlantroomError('nothing answered', { kind: 'not-found', hint: hints.join('; ') });
}
