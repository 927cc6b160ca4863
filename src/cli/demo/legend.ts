import { isOnBus } from '../../model/device.ts';
import type { Site } from '../../model/site.ts';

/** What to try in a second terminal. */
export type Legend = readonly (readonly [command: string, what: string])[];

/** The commands with an alarm and a device that the site has. */
export function legendOf({ devices, rules }: Pick<Site, 'devices' | 'rules'>): Legend {
  const ids = devices.filter(isOnBus).map(({ id }) => id);
  const fault = ids.includes('feeder') ? 'feeder phase-loss' : `${ids[0] ?? 'DEVICE'} silent`;
  const alarm =
    rules.find(({ key, priority }) => priority === 'urgent' && !key.endsWith('/communication'))?.key ?? 'ALARM';
  return [
    ['npx plantroom watch', 'live values of every point'],
    ['npx plantroom alarms --history 20', 'what stands, and what happened'],
    [`npx plantroom ack ${alarm}`, 'say that you have seen it: until then it stays listed'],
    [`npx plantroom sim fault ${fault} --for 20s`, 'break something'],
    ['npx plantroom sim faults', 'all that can break'],
    ['npx plantroom sim clear', 'mend it'],
  ];
}
