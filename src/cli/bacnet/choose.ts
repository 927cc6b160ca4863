import { matchesGlob } from '../../model/glob.ts';
import type { ObjectRow } from './object-list.ts';

/** `analog-*,*temp*` → the patterns; undefined chooses everything. */
export function parsePatterns(text: string | undefined): readonly string[] | undefined {
  const patterns = (text ?? '')
    .split(',')
    .map(pattern => pattern.trim().toLowerCase())
    .filter(pattern => pattern !== '');
  return patterns.length === 0 || patterns.includes('all') ? undefined : patterns;
}

/** A pattern is of the type and number (`analog-input 3`, `analog-*`, `analog-input:3`) or of the name, capitals or not. */
export function isChosen(
  object: Pick<ObjectRow, 'type' | 'instance' | 'name'>,
  patterns: readonly string[] | undefined,
) {
  if (!patterns) return true;
  const { type, instance, name = '' } = object;
  const texts = [type, `${type} ${instance}`, `${type}:${instance}`, name.toLowerCase()];
  return patterns.some(pattern => texts.some(text => matchesGlob(text, pattern)));
}
