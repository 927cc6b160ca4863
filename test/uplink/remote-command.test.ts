import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { remoteCommands } from '../../src/model/command.ts';
import { type Judgement, judge, readCommand } from '../../src/uplink/remote-command.ts';

const wallMs = Date.UTC(2026, 4, 12, 6);
const calm: Judgement = { allowed: remoteCommands, wallMs, isClockInDoubt: false, from: 'uplink platform' };
const text = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({ id: 'c-1', kind: 'reload', expiresAt: '2026-05-12T06:01:00Z', ...changes });

function verdictOn(written: string, changes: Partial<Judgement> = {}): string {
  const reading = readCommand(written);
  if (reading.kind === 'nonsense') return `nonsense: ${reading.reason}`;
  const verdict = judge(reading.command, { ...calm, ...changes });
  return verdict.kind === 'run' ? `run ${verdict.command.kind}` : verdict.reason;
}

describe('a remote command', () => {
  test.each([
    [text(), 'run reload'],
    [text({ kind: 'refresh', expiresAt: '2026-05-12T08:00:30+02:00' }), 'run refresh'],
    [text({ kind: 'forget-holes', device: 'tank' }), 'run forget-holes'],
    [text({ kind: 'silence' }), 'run silence'],
    [text({ surprise: 1 }), 'run reload'],
    [text({ kind: 'forget-holes' }), '"device" is missing'],
    [text({ kind: 'forget-holes', device: 'x'.repeat(101) }), '"device" is missing'],
    [text({ kind: 'acknowledge', alarms: ['tank/low'] }), 'run acknowledge'],
    [text({ kind: 'shelve', alarms: ['tank/low'], reason: 'sticks', for: '4h' }), 'run shelve'],
    [text({ kind: 'shelve', alarms: ['tank/low'] }), '"reason" is missing'],
    [text({ kind: 'reset' }), '"alarms" must be a list of 1 to 100 alarms'],
    [text({ kind: 'reboot' }), 'there is no command reboot'],
    [text({ expiresAt: undefined }), '"expiresAt" is missing or no time'],
    [text({ expiresAt: 'tomorrow' }), '"expiresAt" is missing or no time'],
    [text({ expiresAt: 1_778_565_660 }), '"expiresAt" is missing or no time'],
    [text({ expiresAt: '2026-13-40T06:01:00Z' }), '"expiresAt" is missing or no time'],
    [text({ expiresAt: '2026-05-12T06:00:00Z' }), 'the command has expired'],
    [text({ expiresAt: '2026-05-13T06:00:01Z' }), 'the command is good for longer than a day'],
    ['', 'nonsense: the command is no JSON object'],
    ['[]', 'nonsense: the command is no JSON object'],
    [text({ id: undefined }), 'nonsense: "id" must be'],
    [text({ id: 'a b' }), 'nonsense: "id" must be'],
    [text({ id: 'x'.repeat(65) }), 'nonsense: "id" must be'],
    [text({ kind: '__proto__' }), 'nonsense: "kind" must be'],
  ])('%s: %s', (written, verdict) => {
    expect(verdictOn(written)).toContain(verdict);
  });

  test('that the site file does not allow is refused before anything else is looked at', () => {
    const allowed = ['refresh'] as const;
    expect(verdictOn(text(), { allowed })).toBe('reload is not allowed here');
    expect(verdictOn(text({ expiresAt: undefined }), { allowed })).toBe('reload is not allowed here');
  });

  test('is not run while it cannot be told whether it has expired', () => {
    expect(verdictOn(text(), { isClockInDoubt: true })).toContain('the clock of the gateway is not set');
  });

  test('is never more than the listed ones, whatever is written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), written => {
        expect(verdictOn(written)).not.toMatch(/^run/);
      }),
    );
  });
});
