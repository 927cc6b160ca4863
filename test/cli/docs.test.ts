import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAsk } from '../../src/api/question.ts';
import { exitCodes } from '../../src/base/errors.ts';
import { badReasons } from '../../src/model/quality.ts';
import {
  sampleAlarm,
  sampleEvent,
  sampleHoles,
  sampleOutputs,
  samplePoint,
  sampleStatus,
} from '../api/sample-gateway.ts';
import { startAnsweringUnits } from '../fakes/answering-units.ts';
import { root, runCli } from './terminal.ts';

/** docs/cli.md is a contract with scripts: its examples have the very keys that the views have. */
const source = readFileSync(join(root, 'docs/cli.md'), 'utf8');
/** Tables are padded by the formatter. */
const page = source.replace(/ +\|$/gm, ' |').replace(/(?<=\S) +\| /g, ' | ');

const examples = new Map(
  [...page.matchAll(/^```json ([a-z-]+)\n([\s\S]*?)^```/gm)].map(([, name = '', text = '']) => [
    name,
    JSON.parse(text),
  ]),
);

/** The keys and kinds of values of a document, its lists by their first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]));
}

/** As it comes over the wire: what is undefined is absent. */
function sent(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('the page on the command line', () => {
  test.each<[string, unknown]>([
    ['points', { points: [samplePoint({ state: 'running', alarms: ['a/b'] })] }],
    ['alarms', { standing: [sampleAlarm()], hidden: [], suppressions: [], deadlines: [], history: [sampleEvent()] }],
    ['status', sampleStatus()],
    ['holes', { holes: sampleHoles() }],
    ['outputs', { outputs: sampleOutputs() }],
  ])('shows %s as it is', (name, document) => {
    expect(shapeOf(examples.get(name))).toEqual(shapeOf(sent(document)));
  });

  test('shows what check says as it is', async () => {
    const right = await runCli(['check', 'config/demo.yaml', '--json'], { cwd: root });
    const { holds, ...rest } = JSON.parse(right.out);
    const example = examples.get('check');
    expect(shapeOf({ ...example, problems: [] })).toEqual(shapeOf({ ...rest, problems: [], holds }));
    const wrong = await runCli(['check', 'package.json', '--json'], { cwd: root });
    const document = JSON.parse(wrong.out);
    expect(document.holds).toBeNull();
    expect(shapeOf(examples.get('problem'))).toEqual(shapeOf(document.problems[0]));
    expect(shapeOf(examples.get('error'))).toEqual(shapeOf(JSON.parse(wrong.err)));
  });

  test('shows what ports, scan and probe say as it is', async () => {
    await using units = await startAnsweringUnits('tcp', [
      [1, { registers: [0x4363, 0x63d6], names: ['Schneider Electric', 'PM5100', 'V1.2'] }],
    ]);
    const where = `127.0.0.1:${units.port}`;
    const ports = JSON.parse((await runCli(['ports', '--json'], { cwd: root })).out);
    const { serial, network } = examples.get('ports');
    expect(Object.keys(ports)).toEqual(['serial', 'network']);
    for (const port of ports.serial) expect(Object.keys(port)).toEqual(Object.keys(serial[0]));
    for (const one of ports.network) expect(Object.keys(one)).toEqual(Object.keys(network[0]));
    const scan = JSON.parse((await runCli(['scan', 'modbus', where, '--json'], { cwd: root })).out);
    const [found] = examples.get('scan').found;
    expect(shapeOf(scan)).toEqual(shapeOf({ ...examples.get('scan'), found: [{ ...found, line: null, bus: null }] }));
    const probe = JSON.parse((await runCli(['probe', where, '0', '2', '--json'], { cwd: root })).out);
    const example = structuredClone(examples.get('probe'));
    example.registers[0].points = [];
    expect(shapeOf(probe)).toEqual(shapeOf({ ...example, bus: null, device: null }));
    for (const name of ['ask', 'ask-bacnet']) expect(parseAsk(examples.get(name))).toEqual(examples.get(name));
  });

  test('lists every exit code, every verb and every quality', async () => {
    const codes = [...page.matchAll(/^\| (\d+) \| `([a-z-]+)` \|/gm)].map(([, code, kind]) => [kind, Number(code)]);
    expect(Object.fromEntries(codes)).toEqual(exitCodes);
    const { out } = await runCli(['--help'], { cwd: root });
    const verbs = [...out.matchAll(/^ {2}([a-z][a-z-]*)(?: \[| <| {2})/gm)]
      .map(([, verb]) => verb)
      .filter(verb => verb !== 'help');
    expect(verbs.length).toBeGreaterThan(7);
    expect(verbs.filter(verb => !new RegExp(`^\\| \`${verb}[ \`]`, 'm').test(page))).toEqual([]);
    expect(badReasons.filter(reason => !page.includes(`| \`${reason}\` |`))).toEqual([]);
  });
});
