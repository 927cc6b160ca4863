import type { UplinkSettings } from '../../model/site.ts';
import { birthOfAlarms } from './alarm-metrics.ts';
import type { Metric, NamedMetric } from './payload.ts';
import type { Plant } from './plant.ts';
import { birthOfPoints } from './point-metrics.ts';

/** Metrics of the node that a host may write, by NCMD. */
export const controls = {
  rebirth: 'Node Control/Rebirth',
  /** Takes the id of the last alarm event that the platform has safely. */
  confirm: 'Node Control/Confirm',
  /** Takes the text of a remote command (docs/mqtt.md); the answer comes as `reply`. */
  command: 'Node Control/Command',
  reply: 'Node Control/Reply',
} as const;

export interface NodeFacts {
  readonly version: string;
  readonly bdSeq: number;
  readonly settings: Pick<UplinkSettings, 'confirm' | 'commands' | 'summaries'>;
}

const bdSeqName = 'bdSeq';

/** The death certificate: it carries the number of the connection whose end it tells, and nothing else. */
export function deathOfNode(bdSeq: number, nowAt: number): readonly Metric[] {
  return [
    {
      name: bdSeqName,
      alias: undefined,
      type: 'int64',
      value: bdSeq,
      at: nowAt,
      isHistorical: false,
      properties: undefined,
    },
  ];
}

export function birthOfNode({ version, bdSeq, settings }: NodeFacts, plant: Plant, nowAt: number) {
  const text = (metric: string, value: string | undefined): NamedMetric => {
    return { name: metric, type: 'string', value, at: nowAt, properties: undefined };
  };
  return [
    { name: bdSeqName, type: 'int64', value: bdSeq, at: nowAt, properties: undefined } as const,
    { name: controls.rebirth, type: 'boolean', value: false, at: nowAt, properties: undefined } as const,
    ...(settings.confirm === 'platform' ? [text(controls.confirm, undefined)] : []),
    ...(settings.commands.length > 0 ? [text(controls.command, undefined), text(controls.reply, undefined)] : []),
    text('Properties/Name', plant.site().gateway.name),
    text('Properties/Version', version),
    ...birthOfAlarms(undefined, plant.site(), plant.standing().alarms, nowAt),
  ];
}

/** Of a device that has left the site nothing is known: the ledger adds what data speak of. */
export function birthOfDevice(
  id: string,
  { settings }: NodeFacts,
  plant: Plant,
  nowAt: number,
): readonly NamedMetric[] {
  const site = plant.site();
  const device = site.devices.find(device => device.id === id);
  // Without summaries no value of a point would ever be told again.
  const points =
    device && settings.summaries !== undefined ? birthOfPoints(device, number => plant.pointNow(number), nowAt) : [];
  return [...points, ...birthOfAlarms(id, site, plant.standing().alarms, nowAt)];
}
