import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Command, CommandReply, RemoteCommand } from '../model/command.ts';
import { encodeReply } from './payload.ts';
import { judge, type ReadCommand, readCommand } from './remote-command.ts';

/** A command that came over an uplink, as it is remembered so that it is never run twice. */
export interface SeenCommand {
  readonly id: string;
  readonly expiresAt: number;
  /** Undefined from its beginning to its end; still so afterwards when the process ended in between. */
  readonly reply: CommandReply | undefined;
}

/** Remembers commands over restarts, at least until they have expired. */
export interface CommandMemory {
  /** Undefined when none of this id was seen. */
  find(id: string): Promise<SeenCommand | undefined>;
  /** In place of what was kept under this id. Resolves when it is safe. */
  keep(command: SeenCommand): Promise<void>;
}

/** What is written down of each command, run or not. */
export interface CommandAudit {
  readonly uplink: string;
  /** Null when it had none that could be read. */
  readonly id: string | null;
  readonly command: string | null;
  readonly outcome: CommandReply['kind'];
  readonly reason: string;
}

export interface RemoteControl {
  /** The gateway's one door. */
  readonly run: (command: Command) => Promise<CommandReply>;
  readonly memory: CommandMemory;
  readonly audit: (entry: CommandAudit) => void;
  readonly isClockInDoubt: () => boolean;
}

export interface CommandDeskOptions extends RemoteControl {
  readonly uplink: string;
  readonly allowed: readonly RemoteCommand[];
  readonly clock: Clock;
  /** A command was not even looked at; `reason` in words for the log. */
  readonly onIgnored: (reason: string) => void;
}

export interface CommandDesk {
  /** Resolves to the answer, or to undefined when there is none to give. Never rejects. */
  hear(text: string): Promise<string | undefined>;
}

/** Most commands that wait for the one that runs. */
const mostWaiting = 16;

/** Most commands looked at in a minute: each is audited, and the audit must not be filled by a stranger. */
const mostPerMinute = 60;

/** Runs the commands of one uplink one after the other, each at most once. */
export function createCommandDesk(options: CommandDeskOptions): CommandDesk {
  const { uplink, memory, clock } = options;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let minuteMono = Number.NEGATIVE_INFINITY;
  let heardInMinute = 0;

  async function answer(text: string): Promise<string> {
    const reading = readCommand(text);
    if (reading.kind === 'nonsense') {
      const reply = refused(reading.reason, []);
      note(reading.id, null, reply);
      return encodeReply({ command: reading.id, kind: null, reply, isRepeated: false });
    }
    const { command } = reading;
    const seen = await memory.find(command.id);
    const reply = seen ? replyTo(seen) : await decide(command);
    return encodeReply({ command: command.id, kind: command.kind, reply, isRepeated: seen !== undefined });
  }

  async function decide(read: ReadCommand): Promise<CommandReply> {
    const isClockInDoubt = options.isClockInDoubt();
    const verdict = judge(read, {
      allowed: options.allowed,
      wallMs: clock.wallMs(),
      isClockInDoubt,
      from: `uplink ${uplink}`,
    });
    const reply =
      verdict.kind === 'run' ? await runOnce(read, verdict.command) : refused(verdict.reason, [verdict.hint]);
    note(read.id, read.kind, reply);
    return reply;
  }

  /** Kept before it is run: after a crash in between it is known to have begun, and is not run again. */
  async function runOnce({ id, expiresAt = 0 }: ReadCommand, command: Command): Promise<CommandReply> {
    await memory.keep({ id, expiresAt, reply: undefined });
    const reply = await options.run(command).catch(thrown => refused(`it failed: ${messageOf(thrown)}`, []));
    // That it has run is known already; only a repetition would miss how it ended.
    await memory.keep({ id, expiresAt, reply }).catch(() => {});
    return reply;
  }

  function note(id: string | null, command: string | null, reply: CommandReply): void {
    options.audit({ uplink, id, command, outcome: reply.kind, reason: reply.message });
  }

  function isFlood(): boolean {
    if (clock.monoMs() - minuteMono >= 60_000) {
      minuteMono = clock.monoMs();
      heardInMinute = 0;
    }
    heardInMinute += 1;
    return heardInMinute > mostPerMinute;
  }

  return {
    async hear(text) {
      if (isFlood() || waiting >= mostWaiting) {
        options.onIgnored(`commands come faster than ${mostPerMinute} in a minute: some are dropped`);
        return undefined;
      }
      waiting += 1;
      const work = last.then(() => answer(text));
      last = work.catch(() => {});
      try {
        return await work;
      } catch (thrown) {
        // The memory cannot be read or written. What cannot be remembered is not run.
        const reply = refused(`the gateway cannot keep commands now: ${messageOf(thrown)}`, ['try later']);
        const reading = readCommand(text);
        const read = reading.kind === 'command' ? reading.command : undefined;
        note(read?.id ?? null, read?.kind ?? null, reply);
        return encodeReply({ command: read?.id ?? null, kind: read?.kind ?? null, reply, isRepeated: false });
      } finally {
        waiting -= 1;
      }
    },
  };
}

function replyTo(seen: SeenCommand): CommandReply {
  return seen.reply ?? refused('the command was begun before; how it ended is not known', ['send it under a new id']);
}

function refused(message: string, details: readonly string[]): CommandReply {
  return { kind: 'refused', message, details };
}
