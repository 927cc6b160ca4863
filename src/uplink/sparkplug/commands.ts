import type { Heard } from '../format.ts';
import { controls } from './births.ts';
import type { WrittenMetric } from './payload.ts';

/** What a host asks for with an NCMD. `nameOf` knows the node's metrics by their aliases. */
export function understand(written: readonly WrittenMetric[], nameOf: (alias: number) => string | undefined): Heard {
  for (const { name, alias, value } of written) {
    const metric = name ?? (alias === undefined ? undefined : nameOf(alias));
    if (metric === controls.rebirth && value === true) return { kind: 'rebirth' };
    if (metric === controls.confirm && typeof value === 'string') return { kind: 'confirm', eventId: value };
    if (metric === controls.command && typeof value === 'string') return { kind: 'command', text: value };
  }
  return { kind: 'ignored', reason: 'the NCMD writes nothing that can be written' };
}
