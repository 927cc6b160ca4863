/** Writes the JSON Schemas that are made from code, so that editors and receivers can check files and messages. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { classJsonSchema, profileJsonSchema, scenarioJsonSchema, siteJsonSchema } from '../src/site/schema.ts';

const schemas: Readonly<Record<string, () => object>> = {
  'config/site.schema.json': siteJsonSchema,
  'config/profile.schema.json': profileJsonSchema,
  'config/class.schema.json': classJsonSchema,
  'config/scenario.schema.json': scenarioJsonSchema,
};

for (const [path, make] of Object.entries(schemas)) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  const text = `${JSON.stringify(make(), null, 2)}\n`;
  mkdirSync(dirname(file), { recursive: true });
  if (readText(file) === text) console.log(`${path} is current`);
  else {
    writeFileSync(file, text);
    console.log(`${path} written`);
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
