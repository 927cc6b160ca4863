import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** npm run torture -- NAME … [--runs N] [--seed S]; without a name all of them. Exit code 1 when something was lost. */

export interface TortureOptions {
  /** How many rounds; each torture says what one is. */
  readonly runs: number | undefined;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface Verdict {
  /** What was counted, for the report. */
  readonly counts: Readonly<Record<string, number>>;
  /** Everything that must not have happened, in words; empty when all is well. */
  readonly violations: readonly string[];
}

export type Torture = (options: TortureOptions) => Promise<Verdict>;

if (import.meta.main) await main();

async function main(): Promise<void> {
  const names = readdirSync(import.meta.dirname)
    .filter(file => file.endsWith('-torture.ts'))
    .map(file => file.slice(0, -'-torture.ts'.length));
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { runs: { type: 'string' }, seed: { type: 'string' }, json: { type: 'boolean' } },
  });
  const unknown = positionals.filter(name => !names.includes(name));
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (unknown.length > 0 || Number.isNaN(runs) || Number.isNaN(seed)) {
    process.stderr.write(`usage: npm run torture -- [${names.join('|')}] [--runs N] [--seed S] [--json]\n`);
    process.exit(2);
  }
  let hasFailed = false;
  for (const name of positionals.length > 0 ? positionals : names) {
    const { torture }: { torture: Torture } = await import(`./${name}-torture.ts`);
    process.stderr.write(`${name}: seed ${seed}\n`);
    const verdict = await torture({ runs, seed, say: line => process.stderr.write(`${name}: ${line}\n`) });
    hasFailed ||= verdict.violations.length > 0;
    process.stdout.write(
      values.json ? `${JSON.stringify({ torture: name, seed, ...verdict })}\n` : format(name, verdict),
    );
  }
  process.exit(hasFailed ? 1 : 0);
}

function format(name: string, { counts, violations }: Verdict): string {
  const lines = Object.entries(counts).map(([what, count]) => `  ${what}: ${count}`);
  return `${[`${name}: ${violations.length === 0 ? 'held' : 'BROKEN'}`, ...lines, ...violations.map(text => `  ! ${text}`)].join('\n')}\n`;
}
