import { resolve } from 'node:path';
import { PlantroomError } from '../../base/errors.ts';
import type { BacnetIpBus } from '../../model/bus.ts';
import type { Site } from '../../model/site.ts';
import { canAsk, confirm } from '../ask-person.ts';
import { type CliContext, styleFor } from '../context.ts';
import { note } from '../modbus/note.ts';
import type { PlantSource } from '../modbus/plant-source.ts';
import { countOf } from '../render/words.ts';
import { untilSignal } from '../signals.ts';
import { loadSiteOrExplain } from '../site-file.ts';
import { isChosen, parsePatterns } from './choose.ts';
import { renderChange } from './diff.ts';
import { type DeviceDraft, draftPoints, idOf, uniqueId } from './draft.ts';
import type { Identified } from './identify.ts';
import type { ObjectRow } from './object-list.ts';
import { readSiteText, replaceSite, type SiteText } from './site-write.ts';
import { busYaml, deviceYaml, foreignText, type YamlItem } from './yaml.ts';

export interface WriteWords {
  readonly site?: string;
  readonly write?: boolean;
  readonly choose?: string;
  readonly yes?: boolean;
  readonly to?: string;
  readonly json?: boolean;
}

/** Devices that were found, with their objects. */
export interface Walked {
  readonly devices: readonly Identified[];
  /** Undefined where they were not asked for. */
  readonly objects: ReadonlyMap<Identified, readonly ObjectRow[]> | undefined;
  /** Of devices whose objects are not all here, why. */
  readonly failures: ReadonlyMap<Identified, string>;
}

export function checkWriteWords({ write, choose, yes }: WriteWords): void {
  if (write || (choose === undefined && yes === undefined)) return;
  throw new PlantroomError(`${choose === undefined ? '--yes' : '--choose'} says what to write`, {
    kind: 'usage',
    hint: 'add --write',
  });
}

/**
 * Whether there is a site file to write to, and a right one: better known before a walk through all objects than behind it.
 *
 * @throws PlantroomError `usage`, `not-found` or `site`
 */
export async function checkSiteFile(context: CliContext, words: WriteWords, source: PlantSource): Promise<void> {
  await loadSiteOrExplain(context.err, readSiteText(await siteFileOf(context, words, source)).name);
}

/** What is to be added: lists of the site file with their new items. */
type Additions = readonly (readonly [key: 'buses' | 'devices', items: readonly YamlItem[]])[];

/**
 * Adds what was found to the site file: it shows the change, checks the whole file, asks where somebody sits there, and writes.
 * A device that the file has already is left as it is.
 *
 * @throws PlantroomError `refused` when nothing is left to write
 */
export async function writeFound(
  context: CliContext,
  words: WriteWords,
  source: PlantSource,
  { devices, objects, failures }: Walked,
): Promise<void> {
  const file = readSiteText(await siteFileOf(context, words, source));
  const site = await loadSiteOrExplain(context.err, file.name);
  const told = new Set<string>();
  const fresh = devices.filter(device => {
    const reason = whyNot(site, device, failures);
    // Several devices of one instance are one remark.
    if (reason !== undefined && !told.has(reason)) note(context, words, reason);
    if (reason !== undefined) told.add(reason);
    return reason === undefined;
  });
  const taken = new Set(site.devices.map(({ id }) => id));
  const buses = createBusBook(site);
  const drafts = fresh.flatMap(device => draftOf(device, objects?.get(device) ?? [], buses, taken, words));
  if (drafts.length === 0) throw nothingToWrite(words);
  await addToFile(context, words, file, [
    ['buses', buses.added.map(busYaml)],
    ['devices', drafts.map(deviceYaml)],
  ]);
  const points = drafts.reduce((sum, draft) => sum + draft.points.length, 0);
  const what = `${countOf(drafts.length, 'device')} with ${countOf(points, 'point')}`;
  if (context.exitCode === 0 && !words.json)
    context.err.write(`${file.name}: ${what}. plantroom reload takes it up.\n`);
}

async function siteFileOf(context: CliContext, { site }: WriteWords, { client }: PlantSource): Promise<string> {
  const name = site ?? (await client?.status())?.siteFile;
  if (name !== undefined) return resolve(context.cwd, name);
  throw new PlantroomError('nobody says which site file to write to', {
    kind: 'usage',
    hint: 'say it with --site FILE',
  });
}

/** Undefined for a device that may be written. */
function whyNot(site: Site, device: Identified, failures: Walked['failures']): string | undefined {
  const { instance, isConflict, failure } = device;
  const own = site.devices.find(({ bacnet }) => bacnet?.instance === instance);
  if (own) return `${instance} is in the site file already, as ${own.id}: left as it is`;
  if (isConflict) return `${instance} is the number of several devices: not written`;
  if (failure !== undefined) return `${instance} does not say who it is: ${failure}`;
  // The next scan would leave it as it is: what is missing now would be missing for good.
  return failures.has(device) ? `${instance} did not tell all its objects: not written` : undefined;
}

/** Buses of the file, and those that it needs beside. */
interface BusBook {
  readonly added: readonly BacnetIpBus[];
  /**
   * The bus of the file that leads where this one does; else a new one.
   *
   * @throws PlantroomError `refused` when that of the file would not reach what was found through a BBMD
   */
  busFor(asked: BacnetIpBus): BacnetIpBus;
}

function createBusBook(site: Site): BusBook {
  const buses = site.buses.filter(bus => bus.protocol === 'bacnet-ip');
  const taken = new Set(site.buses.map(({ id }) => id));
  const added: BacnetIpBus[] = [];
  return {
    added,
    busFor(asked) {
      const leadsThere = ({ port, address }: BacnetIpBus) =>
        port === asked.port && (address === asked.address || address === '0.0.0.0');
      // Not by its id: a daemon may run another site than the one that is written to.
      const same = [...buses, ...added].find(leadsThere);
      if (same) return withForeign(same, asked);
      const bus = { ...asked, id: uniqueId('bacnet', taken) };
      added.push(bus);
      return bus;
    },
  };
}

/** A port is had once, so that a second bus beside it, registered there, would be no way out. */
function withForeign(bus: BacnetIpBus, { foreign }: BacnetIpBus): BacnetIpBus {
  if (!foreign || (bus.foreign?.host === foreign.host && bus.foreign.port === foreign.port)) return bus;
  throw new PlantroomError(`bus ${bus.id} of the site file is not registered with the BBMD ${foreign.host}`, {
    kind: 'refused',
    hint: `what was found there would never answer: add foreign: ${foreignText(foreign)} to that bus, then give the command again`,
  });
}

function draftOf(
  device: Identified,
  rows: readonly ObjectRow[],
  buses: BusBook,
  taken: Set<string>,
  { choose, to }: WriteWords,
): DeviceDraft[] {
  const patterns = parsePatterns(choose);
  const points = draftPoints(rows.filter(row => isChosen(row, patterns)));
  if (points.length === 0) return [];
  const { instance, host, port, network, mac } = device;
  const name = device.name?.trim() || `device ${instance}`;
  const id = uniqueId(idOf(name, `device-${instance}`), taken);
  // Who had to be told where it is could not find it by asking everybody.
  const place = to === undefined ? undefined : { host, port, network, mac };
  const bus = buses.busFor(device.asker.bus);
  const title = [...name].slice(0, 80).join('');
  return [{ id, name: title, bus: bus.id, busPort: bus.port, instance, place, points }];
}

async function addToFile(context: CliContext, words: WriteWords, file: SiteText, additions: Additions): Promise<void> {
  const { addItems } = await import('../../site/site.ts');
  const style = styleFor(context.err, context.env);
  const lines: string[] = [];
  let text = file.text;
  for (const [key, items] of additions) {
    const next = addItems(text, key, items);
    if (next === undefined) throw leftToPerson(file, key, items);
    if (next !== text) lines.push(...renderChange(text, next, style));
    text = next;
  }
  if (!words.json) context.err.write(`${lines.join('\n')}\n`);
  // A terminal that goes away at the question is a no, and leaves no draft behind.
  const confirmed = () => untilSignal(context, quit => confirm(context, `Write this to ${file.name}?`, quit.signal));
  const ask = async () => words.yes === true || !canAsk(context) || confirmed();
  if (await replaceSite(context, file, text, ask)) return;
  throw new PlantroomError('nothing was written', { kind: 'interrupted', hint: '--yes writes without asking' });
}

function leftToPerson({ name }: SiteText, key: string, items: readonly YamlItem[]): PlantroomError {
  const [first] = items;
  return new PlantroomError(`${key}: of ${name} is written in a way that is not changed by a program`, {
    kind: 'refused',
    hint: `write it as a list with a line and a dash for each; the new one begins with: ${first?.block.slice(0, 4).join('; ')}`,
  });
}

function nothingToWrite({ choose }: WriteWords): PlantroomError {
  const why = choose === undefined ? '' : `; --choose is ${JSON.stringify(choose)}`;
  return new PlantroomError('there is nothing to write', {
    kind: 'refused',
    hint: `a device of the site file is never changed, and only objects with values become points${why}`,
  });
}
