import {
  type LifeInput,
  lifeInputs,
  normalStance,
  phaseOf,
  type Stance,
  stepLife,
  type Terms,
} from '../../../src/detect/life/alarm-machine.ts';
import { type AlarmPhase, alarmPhases } from '../../../src/model/alarm.ts';

/** Every stance that there is. */
export const stances: readonly Stance[] = Array.from({ length: 64 }, (_, bits) => ({
  isActive: (bits & 1) > 0,
  isUnacknowledged: (bits & 2) > 0,
  isLatched: (bits & 4) > 0,
  isShelved: (bits & 8) > 0,
  isSuppressed: (bits & 16) > 0,
  isOutOfService: (bits & 32) > 0,
}));

export const everyTerms: readonly Terms[] = [
  { needsAcknowledge: true, isLatching: false },
  { needsAcknowledge: true, isLatching: true },
  { needsAcknowledge: false, isLatching: false },
  { needsAcknowledge: false, isLatching: true },
];

/** What a phase makes of an input under these terms: `raised → unacknowledged`; several where more than the phase counts. */
function cellOf(phase: AlarmPhase, input: LifeInput, terms: Terms): string[] {
  const outcomes = reachable(terms)
    .filter(stance => phaseOf(stance) === phase)
    .map(stance => {
      const { stance: after, happenings, refusal } = stepLife(stance, input, terms);
      if (refusal !== undefined) return `refused: ${refusal}`;
      return happenings.length === 0 ? '·' : `${happenings.join(', ')} → ${phaseOf(after)}`;
    });
  return outcomes.length === 0 ? ['—'] : [...new Set(outcomes)].sort();
}

/** What an alarm can come to by any inputs. */
function reachable(terms: Terms): readonly Stance[] {
  const found = new Map([[JSON.stringify(normalStance), normalStance]]);
  for (const stance of found.values()) {
    for (const input of lifeInputs) {
      const { stance: next } = stepLife(stance, input, terms);
      found.set(JSON.stringify(next), next);
    }
  }
  return [...found.values()];
}

const titles: readonly (readonly [string, Terms])[] = [
  ['acknowledge: person', { needsAcknowledge: true, isLatching: false }],
  ['acknowledge: person, latching: yes', { needsAcknowledge: true, isLatching: true }],
  ['acknowledge: auto', { needsAcknowledge: false, isLatching: false }],
];

/** The table as Markdown: one row for each phase, one column for each input. */
export function drawTables(): string {
  return titles
    .map(([title, terms]) => {
      const head = `| phase | ${lifeInputs.join(' | ')} |\n| --- |${lifeInputs.map(() => ' --- |').join('')}`;
      const rows = alarmPhases.map(
        phase => `| **${phase}** | ${lifeInputs.map(input => cellOf(phase, input, terms).join(' or ')).join(' | ')} |`,
      );
      return `### \`${title}\`\n\n${head}\n${rows.join('\n')}`;
    })
    .join('\n\n');
}
