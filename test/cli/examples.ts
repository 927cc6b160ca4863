import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './terminal.ts';

/** The JSON that docs/cli.md shows under a name. */
export function exampleOf(name: string) {
  const page = readFileSync(join(root, 'docs/cli.md'), 'utf8');
  return JSON.parse(new RegExp(`^\`\`\`json ${name}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1] ?? '{}');
}
