import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** The schemas of docs/schemas, as a platform would use them; and stricter, so that an unlisted key is noticed here. */

const schemaNames = ['alarm', 'standing', 'summaries', 'status', 'confirm', 'command', 'reply'] as const;
export type SchemaName = (typeof schemaNames)[number];

export function readSchema(name: SchemaName): Record<string, unknown> {
  return JSON.parse(readFileSync(`docs/schemas/${name}.schema.json`, 'utf8'));
}

export function schemaOf(message: { readonly type?: unknown }): SchemaName {
  const type = String(message.type);
  if (type.startsWith('plantroom.alarm.')) return 'alarm';
  const known = schemaNames.find(candidate => candidate === type.split('.').at(-1));
  if (!known) throw new Error(`no schema for type ${message.type}`);
  return known;
}

/** Throws with what is wrong. Keys that the schema does not name are wrong too, though a platform must bear them. */
export function checkMessage(payload: string, name: SchemaName = schemaOf(JSON.parse(payload))): void {
  const message = JSON.parse(payload);
  const validate = validators[name];
  if (validate(message)) return;
  const problems = (validate.errors ?? []).map(error => `${error.instancePath} ${error.message}`);
  throw new Error(`no valid ${name}: ${problems.join('; ')}\n${payload}`);
}

const validators = Object.fromEntries(schemaNames.map(name => [name, compileStrict(name)])) as Record<
  SchemaName,
  ValidateFunction
>;

function compileStrict(name: SchemaName): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
  formats.default(ajv);
  return ajv.compile(closed(readSchema(name)));
}

/** The schema with every object closed that lists what it requires. */
function closed(schema: unknown): Record<string, unknown> {
  const close = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(close);
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node).map(([key, value]) => [key, close(value)]);
    const copy = Object.fromEntries(entries);
    return 'required' in copy && 'properties' in copy ? { ...copy, additionalProperties: false } : copy;
  };
  return close(schema) as Record<string, unknown>;
}
