import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatProblem, loadSite } from '../../src/site/site.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/outputs.md'), 'utf8');

function outputsOf(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-site-'));
  try {
    const path = join(folder, 'site.yaml');
    const plant =
      'buses: [{ id: wire, protocol: modbus-tcp, host: 192.0.2.7 }]\ndevices: [{ id: pump, bus: wire, points: [{ id: dry, coil: 0 }] }]';
    writeFileSync(path, `gateway: { id: plant }\n${plant}\n${text}`);
    const loaded = loadSite(path);
    if (loaded.kind === 'ok') return loaded.site.outputs;
    throw new Error(loaded.problems.map(formatProblem).join('\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the example of docs/outputs.md is a site file, and means what the page says', () => {
  const [, example = ''] = /^```yaml site\n([\s\S]*?)^```/m.exec(page) ?? [];
  expect(outputsOf(example)).toEqual([
    {
      id: 'siren',
      name: 'Siren at the door',
      kind: 'siren',
      pin: { kind: 'bcm', line: 17 },
      active: 'high',
      isOnWhenStopped: false,
      longestMs: 600_000,
      rules: [{ priorities: ['urgent'], while: 'unacknowledged', pattern: 'steady' }],
    },
    {
      id: 'beacon',
      name: 'beacon',
      kind: 'beacon',
      pin: { kind: 'line', chip: 'tca9534', line: 3 },
      active: 'low',
      isOnWhenStopped: false,
      longestMs: undefined,
      rules: [
        { priorities: ['urgent'], while: 'overdue', pattern: 'fast' },
        { priorities: ['urgent', 'high'], while: 'unacknowledged', pattern: 'slow' },
        { priorities: ['urgent', 'high'], while: 'active', pattern: 'steady' },
      ],
    },
  ]);
});

test('a siren sounds for ten minutes at most where nobody says, and a site without outputs has none', () => {
  const [siren] = outputsOf(
    'outputs: [{ id: s, kind: siren, pin: { bcm: 4 }, when-stopped: on, on: [{ priorities: [low] }] }]',
  );
  expect(siren).toMatchObject({ longestMs: 600_000, isOnWhenStopped: true });
  expect(outputsOf('')).toEqual([]);
});

test('sixteen outputs are taken, seventeen are not', () => {
  const list = (count: number) =>
    Array.from(
      { length: count },
      (_, i) => `  - { id: o${i}, kind: beacon, pin: { bcm: ${i} }, on: [{ priorities: [low] }] }`,
    );
  expect(outputsOf(`outputs:\n${list(16).join('\n')}`)).toHaveLength(16);
  expect(() => outputsOf(`outputs:\n${list(17).join('\n')}`)).toThrow('17 outputs; a site has at most 16');
});
