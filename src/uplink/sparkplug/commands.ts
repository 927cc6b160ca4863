import { controls } from './births.ts';
import type { WrittenMetric } from './payload.ts';

export type Wish =
  | { readonly kind: 'rebirth' }
  | { readonly kind: 'confirm'; readonly eventId: string }
  | { readonly kind: 'command'; readonly text: string };

/** What a host asks for with an NCMD; undefined for nothing. `nameOf` knows the node's metrics by their aliases. */
export function wishOf(
  written: readonly WrittenMetric[],
  nameOf: (alias: number) => string | undefined,
): Wish | undefined {
  for (const { name, alias, value } of written) {
    const metric = name ?? (alias === undefined ? undefined : nameOf(alias));
    if (metric === controls.rebirth && value === true) return { kind: 'rebirth' };
    if (metric === controls.confirm && typeof value === 'string') return { kind: 'confirm', eventId: value };
    if (metric === controls.command && typeof value === 'string') return { kind: 'command', text: value };
  }
  return undefined;
}
