import type { RuleSetReport } from '../model/site.ts';
import { escapeText } from './render/text.ts';
import { countOf } from './render/words.ts';

/** Which rules of the equipment classes are in force, and what the others lack. */
export function renderRuleSets(reports: readonly RuleSetReport[]): string[] {
  return reports.flatMap(report => {
    const { device, part, inForce, leftOut, off } = report;
    const subject = `${device}${part === undefined ? '' : `, part ${part}`} (${report.class})`;
    const lines = [`${subject}: ${countOf(inForce.length, 'rule')} in force${listed(inForce)}`];
    if (off.length > 0) lines.push(`  off or written anew by the site file: ${off.join(', ')}`);
    for (const { alarm, needs } of leftOut) lines.push(`  left out: ${alarm} needs ${needs.join(', ')}`);
    return lines.map(escapeText);
  });
}

function listed(alarms: readonly string[]): string {
  return alarms.length === 0 ? '' : `: ${alarms.join(', ')}`;
}
