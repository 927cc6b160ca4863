import { parseDuration } from '../base/duration.ts';
import { siteLimits } from './limits.ts';
import { type Place, Problems, type SiteProblem } from './problem.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { suggestOr } from './suggestion.ts';
import { itemsOf, placeOf, placeOfKey, placeOfValue, type Tree } from './tree.ts';
import { parseYaml } from './yaml.ts';

/** Something that happens to a simulated plant. */
export interface ScenarioEvent {
  /** From the start of the scenario. */
  readonly atMs: number;
  /** Undefined: once. */
  readonly everyMs: number | undefined;
  /** Undefined: until something else ends it. */
  readonly forMs: number | undefined;
  readonly happening: Happening;
}

export type Happening =
  | { readonly kind: 'fault'; readonly device: string; readonly fault: string }
  | { readonly kind: 'clear'; readonly device: string }
  | { readonly kind: 'unplug'; readonly bus: string }
  | { readonly kind: 'plug'; readonly bus: string };

/** What a scenario may name. */
export interface ScenarioNames {
  readonly buses: readonly string[];
  /** The faults that each device may have, by its id. */
  readonly faults: ReadonlyMap<string, readonly string[]>;
}

export type ScenarioResult =
  | { readonly kind: 'ok'; readonly events: readonly ScenarioEvent[] }
  | { readonly kind: 'wrong'; readonly problems: readonly SiteProblem[] };

type RawEvent = Raw<'scenarioEvent'>;

/** Events of one scenario. */
const mostEvents = 1_000;

/** The text of a scenario file → its events, or every problem at once. */
export function parseScenario(text: string, file: string, names: ScenarioNames): ScenarioResult {
  const problems = new Problems();
  const tree = parseYaml(text, file, problems);
  const events: ScenarioEvent[] = [];
  if (tree && readShape('scenario', 'the scenario', tree, problems)) {
    const items = itemsOf(tree, 'events');
    if (items.length === 0) problems.error(placeOfKey(tree, 'events'), 'nothing happens in this scenario', addEvent);
    if (items.length > mostEvents) {
      problems.error(placeOfKey(tree, 'events'), `more than ${mostEvents} events`, 'repeat them with every: instead');
    }
    for (const item of items.slice(0, mostEvents)) {
      const event = readEvent(item, names, problems);
      if (event) events.push(event);
    }
  }
  return problems.hasErrors ? { kind: 'wrong', problems: problems.list() } : { kind: 'ok', events };
}

const addEvent = 'add one: - {at: 10s, device: booster, fault: silent, for: 20s}';

function readEvent(tree: Tree, names: ScenarioNames, problems: Problems): ScenarioEvent | undefined {
  const raw = readShape('scenarioEvent', 'an event', tree, problems)?.raw;
  if (!raw) return undefined;
  const happening = readHappening(raw, tree, names, problems);
  if (!happening) return undefined;
  const { atMs, everyMs, forMs } = readTimes(raw);
  if (forMs !== undefined && (happening.kind === 'plug' || happening.kind === 'clear')) {
    problems.error(placeOfKey(tree, 'for'), `"${happening.kind}" has no end`, 'leave out for:');
  }
  if (everyMs !== undefined && forMs !== undefined && forMs >= everyMs) {
    problems.error(placeOfValue(tree, 'for'), 'it ends after it begins again', 'make for: shorter than every:');
  }
  return { atMs, everyMs, forMs, happening };
}

function readTimes(raw: RawEvent): Pick<ScenarioEvent, 'atMs' | 'everyMs' | 'forMs'> {
  const ms = (text: string | undefined) => (text === undefined ? undefined : parseDuration(text));
  return { atMs: ms(raw.at) ?? 0, everyMs: ms(raw.every), forMs: ms(raw.for) };
}

function readHappening(raw: RawEvent, tree: Tree, names: ScenarioNames, problems: Problems): Happening | undefined {
  const { device, fault, clear, unplug, plug } = raw;
  const kinds = [fault ?? device, clear, unplug, plug].filter(key => key !== undefined);
  if (kinds.length !== 1 || (fault === undefined) !== (device === undefined)) {
    problems.error(placeOf(tree), 'an event is one thing that happens', oneThing);
    return undefined;
  }
  const devices = [...names.faults.keys()];
  if (clear !== undefined) {
    return isKnown(clear, devices, 'device', placeOfValue(tree, 'clear'), problems)
      ? { kind: 'clear', device: clear }
      : undefined;
  }
  const bus = unplug ?? plug;
  if (bus !== undefined) {
    const kind = unplug === undefined ? 'plug' : 'unplug';
    return isKnown(bus, names.buses, 'bus', placeOfValue(tree, kind), problems) ? { kind, bus } : undefined;
  }
  if (device === undefined || fault === undefined) return undefined;
  if (!isKnown(device, devices, 'device', placeOfValue(tree, 'device'), problems)) return undefined;
  const possible = names.faults.get(device) ?? [];
  if (possible.includes(fault)) return { kind: 'fault', device, fault };
  const hint = suggestOr(fault, possible, `its faults: ${possible.join(', ')}`);
  problems.error(placeOfValue(tree, 'fault'), `${device} has no fault "${fault}"`, hint);
  return undefined;
}

const oneThing = 'write device: and fault:, or one of clear: DEVICE, unplug: BUS and plug: BUS';

function isKnown(
  name: string,
  known: readonly string[],
  what: 'device' | 'bus',
  place: Place,
  problems: Problems,
): boolean {
  if (known.includes(name)) return true;
  const message = `the simulated plant has no ${what} "${name}"`;
  problems.error(
    place,
    message,
    suggestOr(name, known, `it has: ${known.slice(0, siteLimits.maxProblems).join(', ')}`),
  );
  return false;
}
