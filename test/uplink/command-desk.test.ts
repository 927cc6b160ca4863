import { describe, expect, test } from 'vitest';
import type { Command, CommandReply } from '../../src/model/command.ts';
import { type CommandAudit, type CommandDeskOptions, createCommandDesk } from '../../src/uplink/command-desk.ts';
import { createCommandMemory } from '../fakes/command-memory.ts';
import { settle, VirtualClock } from '../fakes/virtual-clock.ts';
import { checkMessage } from './contract.ts';

class Desk {
  readonly clock = new VirtualClock(Date.UTC(2026, 4, 12, 6));
  readonly ran: Command[] = [];
  readonly audited: CommandAudit[] = [];
  readonly ignored: string[] = [];
  readonly memory = createCommandMemory();
  readonly options: CommandDeskOptions;

  constructor(changes: Partial<CommandDeskOptions> = {}) {
    this.options = {
      uplink: 'platform',
      allowed: ['reload', 'forget-holes'],
      clock: this.clock,
      memory: this.memory,
      run: async command => {
        this.ran.push(command);
        return { kind: 'done', message: '44 points' };
      },
      audit: entry => this.audited.push(entry),
      isClockInDoubt: () => false,
      onIgnored: reason => this.ignored.push(reason),
      ...changes,
    };
  }

  /** A new desk, as after a restart. */
  async hear(text: string, desk = createCommandDesk(this.options)) {
    const reply = await desk.hear(text);
    if (reply === undefined) return undefined;
    checkMessage(reply, 'reply');
    return JSON.parse(reply);
  }
}

const command = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({ id: 'c-1', kind: 'reload', expiresAt: '2026-05-12T06:01:00Z', ...changes });

describe('a command of the platform', () => {
  test('is run through the door, answered and audited', async () => {
    const desk = new Desk();
    expect(await desk.hear(command())).toEqual({
      command: 'c-1',
      kind: 'reload',
      outcome: 'done',
      reason: '44 points',
      details: [],
      repeated: false,
    });
    expect(desk.ran).toEqual([{ kind: 'reload' }]);
    expect(desk.audited).toEqual([
      { uplink: 'platform', id: 'c-1', command: 'reload', outcome: 'done', reason: '44 points' },
    ]);
  });

  test('that is not listed does nothing, is answered with the reason and audited', async () => {
    const desk = new Desk();
    expect(await desk.hear(command({ kind: 'refresh' }))).toMatchObject({
      outcome: 'refused',
      reason: 'refresh is not allowed here',
    });
    expect(desk.ran).toEqual([]);
    expect(desk.audited).toMatchObject([{ command: 'refresh', outcome: 'refused' }]);
  });

  test('that nobody can read is answered and audited as well', async () => {
    const desk = new Desk();
    expect(await desk.hear('{"id": "c-1"')).toMatchObject({ command: null, kind: null, outcome: 'refused' });
    expect(desk.audited).toMatchObject([{ id: null, command: null, outcome: 'refused' }]);
  });

  test('is run once under its id, however often it comes and over a restart, also when it has expired since', async () => {
    const desk = new Desk();
    await desk.hear(command());
    await desk.clock.advance(120_000);
    expect(await desk.hear(command())).toMatchObject({ outcome: 'done', reason: '44 points', repeated: true });
    expect(desk.ran).toHaveLength(1);
    expect(desk.audited).toHaveLength(1);
  });

  test('is run once also when it comes twice at the same time', async () => {
    const desk = new Desk();
    const one = createCommandDesk(desk.options);
    const replies = await Promise.all([desk.hear(command(), one), desk.hear(command(), one)]);
    expect(replies.map(({ repeated }) => repeated)).toEqual([false, true]);
    expect(desk.ran).toHaveLength(1);
  });

  test('during which the process died is not run again', async () => {
    const desk = new Desk({ run: () => new Promise<CommandReply>(() => {}) });
    void desk.hear(command());
    await settle();
    const after = new Desk({ memory: desk.memory });
    expect(await after.hear(command())).toMatchObject({ outcome: 'refused', repeated: true });
    expect(after.ran).toEqual([]);
  });

  test('that cannot be remembered is not run', async () => {
    const refuse = () => Promise.reject(new Error('disk I/O error'));
    for (const broken of [{ find: refuse }, { keep: refuse }]) {
      const desk = new Desk();
      const reply = await desk.hear(
        command(),
        createCommandDesk({ ...desk.options, memory: { ...desk.memory, ...broken } }),
      );
      expect(reply).toMatchObject({ command: 'c-1', outcome: 'refused', details: ['try later'] });
      expect(reply.reason).toContain('disk I/O error');
      expect(desk.ran).toEqual([]);
    }
  });

  test('that fails in the gateway is answered as refused', async () => {
    const desk = new Desk({ run: () => Promise.reject(new Error('no')) });
    expect(await desk.hear(command())).toMatchObject({ outcome: 'refused', reason: 'it failed: no' });
  });

  test('that comes in a flood is dropped beyond sixty in a minute, and said', async () => {
    const desk = new Desk();
    const one = createCommandDesk(desk.options);
    for (let index = 0; index < 100; index += 1) await desk.hear(command({ id: `c-${index}` }), one);
    expect(desk.ran).toHaveLength(60);
    expect(desk.audited).toHaveLength(60);
    expect(desk.ignored).toHaveLength(40);
    await desk.clock.advance(60_000);
    expect(await desk.hear(command({ id: 'later', expiresAt: '2026-05-12T07:00:00Z' }), one)).toMatchObject({
      outcome: 'done',
    });
  });

  test('waits for the one before it, but not in an endless row', async () => {
    const held: (() => void)[] = [];
    const desk = new Desk({
      run: async () => {
        await new Promise<void>(resolve => held.push(resolve));
        return { kind: 'done', message: '' };
      },
    });
    const one = createCommandDesk(desk.options);
    const replies = Array.from({ length: 20 }, (_, index) => desk.hear(command({ id: `c-${index}` }), one));
    await settle();
    expect(held).toHaveLength(1);
    expect(desk.ignored).toHaveLength(4);
    for (let index = 0; index < 16; index += 1) {
      held.shift()?.();
      await settle();
    }
    const answered = (await Promise.all(replies)).filter(reply => reply !== undefined);
    expect(answered).toHaveLength(16);
  });
});
