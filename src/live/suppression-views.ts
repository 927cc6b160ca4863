import { suppressionsOf } from '../detect/life/suppression.ts';
import type { AlarmState } from '../model/alarm.ts';
import type { SuppressionView } from '../model/view.ts';

/** Which suppressions hold, and what they hide, from what is kept of the alarms. */
export function suppressionViews(states: readonly AlarmState[]): readonly SuppressionView[] {
  const views = states.flatMap((state): SuppressionView[] => {
    const [id] = suppressionsOf(state);
    if (state.rule !== 'suppression' || id === undefined) return [];
    const { message: name, raisedAt: since, value = 0 } = state;
    const standing = states.filter(other => other.isActive && suppressionsOf(other).includes(id)).length;
    return [{ id, name, since, hides: value, standing }];
  });
  return views.sort((a, b) => b.since - a.since);
}
