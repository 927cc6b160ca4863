import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PlantroomError } from '../../src/base/errors.ts';
import type { Secret } from '../../src/model/site.ts';
import { readSecret, systemSecretSources } from '../../src/site/secret.ts';

let folder: string;
let path: string;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plantroom-secret-'));
  path = join(folder, 'password');
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (secret: Secret, env: Record<string, string> = {}) =>
  readSecret(secret, { ...systemSecretSources(warning => warnings.push(warning)), env });

function refusal(secret: Secret, env?: Record<string, string>): PlantroomError {
  try {
    read(secret, env);
  } catch (thrown) {
    if (thrown instanceof PlantroomError) return thrown;
  }
  throw new Error('the secret was not refused');
}

test('a secret file gives its text without the line end that editors add', () => {
  for (const text of ['swordfish', 'swordfish\n', 'swordfish\r\n']) {
    writeFileSync(path, text, { mode: 0o600 });
    expect(read({ kind: 'file', path })).toBe('swordfish');
  }
  expect(warnings).toEqual([]);
});

test('spaces belong to the secret', () => {
  writeFileSync(path, ' sword fish \n', { mode: 0o600 });
  expect(read({ kind: 'file', path })).toBe(' sword fish ');
});

test('a secret file that others can read is used, with a warning that does not tell it', () => {
  writeFileSync(path, 'swordfish\n');
  chmodSync(path, 0o644);
  expect(read({ kind: 'file', path })).toBe('swordfish');
  expect(warnings).toEqual([`the secret file ${path} can be read by others: chmod 600 it`]);
});

test('an environment variable gives its text as it is', () => {
  expect(read({ kind: 'env', name: 'MQTT_PASSWORD' }, { MQTT_PASSWORD: 'swordfish' })).toBe('swordfish');
});

test.each([
  ['empty', '', 'is empty'],
  ['only a line end', '\n', 'is empty'],
  ['two lines', 'swordfish\nswordfish\n', 'holds more than one line of 4096 bytes'],
  ['something else entirely', 'swordfish'.repeat(10_000), 'is too long, or no ordinary file'],
])('a secret file with %s is refused by its name, without its text', (_, text, fault) => {
  writeFileSync(path, text, { mode: 0o600 });
  const error = refusal({ kind: 'file', path });
  expect(error.message).toBe(`the secret file ${path} ${fault}`);
  expect(error.kind).toBe('site');
  expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toContain('swordfish');
});

test('a secret file that is not there, or is a folder, is refused by its name', () => {
  expect(refusal({ kind: 'file', path }).message).toBe(`the secret file ${path} does not exist`);
  expect(refusal({ kind: 'file', path: folder }).message).toMatch(/is a folder$/);
});

test('a variable that is not set or empty is refused by its name', () => {
  expect(refusal({ kind: 'env', name: 'NOWHERE' }).message).toBe('the environment variable NOWHERE is not set');
  expect(refusal({ kind: 'env', name: 'EMPTY' }, { EMPTY: '' }).message).toBe(
    'the environment variable EMPTY is empty',
  );
});

test('a credential of systemd is read from the folder that it names, and its bits are not looked at', () => {
  writeFileSync(join(folder, 'mqtt-password'), 'swordfish\n', { mode: 0o644 });
  const secret = { kind: 'credential', name: 'mqtt-password' } as const;
  expect(read(secret, { CREDENTIALS_DIRECTORY: folder })).toBe('swordfish');
  expect(warnings).toEqual([]);
});

test('a credential that systemd has not handed over is refused by its name', () => {
  expect(refusal({ kind: 'credential', name: 'mqtt-password' }).message).toBe(
    'there is no credential mqtt-password: systemd has handed none to this process',
  );
  const error = refusal({ kind: 'credential', name: 'mqtt-password' }, { CREDENTIALS_DIRECTORY: folder });
  expect(error.message).toBe(`the secret file ${join(folder, 'mqtt-password')} does not exist`);
});
