import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Bench, formatFigures } from './figures.ts';

/** npm run bench -- NAME … [--json] [--quick]; without a name all of them. */

const names = readdirSync(import.meta.dirname)
  .filter(file => file.endsWith('-bench.ts'))
  .map(file => file.slice(0, -'-bench.ts'.length));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' } },
});
const unknown = positionals.filter(name => !names.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no benchmark ${unknown.join(', ')}\nthere are: ${names.join(', ')}\n`);
  process.exit(2);
}

let fellShort = false;
for (const name of positionals.length > 0 ? positionals : names) {
  const { bench }: { bench: Bench } = await import(`./${name}-bench.ts`);
  const say = (line: string) => process.stderr.write(`${name}: ${line}\n`);
  const figures = await bench({ isQuick: values.quick ?? false, say });
  fellShort ||= figures.some(({ holds }) => holds === false);
  process.stdout.write(values.json ? `${JSON.stringify({ bench: name, figures })}\n` : `\n${formatFigures(figures)}\n`);
}
process.exit(fellShort ? 1 : 0);
