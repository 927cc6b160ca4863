import { readActor, readAlarmCommand } from '../model/alarm-command.ts';
import { type Command, type RemoteCommand, remoteCommands } from '../model/command.ts';

/** Reads a remote command and judges it. Pure. The contract is docs/mqtt.md. */

export interface ReadCommand {
  readonly id: string;
  readonly kind: string;
  /** Undefined when it is missing or no time. */
  readonly expiresAt: number | undefined;
  readonly device: string | undefined;
  /** Everything that it says, unchecked. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export type CommandReading =
  | { readonly kind: 'command'; readonly command: ReadCommand }
  | { readonly kind: 'nonsense'; readonly id: string | null; readonly reason: string };

const idShape = /^[\x21-\x7e]{1,64}$/;
const kindShape = /^[a-z][a-z-]{0,31}$/;
const timeShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

export function readCommand(text: string): CommandReading {
  const fields = parseObject(text);
  if (!fields) return { kind: 'nonsense', id: null, reason: 'the command is no JSON object' };
  const { id, kind, expiresAt, device } = fields;
  if (typeof id !== 'string' || !idShape.test(id)) {
    return { kind: 'nonsense', id: null, reason: '"id" must be 1 to 64 characters without blanks' };
  }
  if (typeof kind !== 'string' || !kindShape.test(kind)) {
    return { kind: 'nonsense', id, reason: '"kind" must be the name of a command' };
  }
  const at = typeof expiresAt === 'string' && timeShape.test(expiresAt) ? Date.parse(expiresAt) : Number.NaN;
  return {
    kind: 'command',
    command: {
      id,
      kind,
      expiresAt: Number.isNaN(at) ? undefined : at,
      device: typeof device === 'string' && device.length <= 100 ? device : undefined,
      fields,
    },
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

/** A command that is good for longer could be kept and played again long after it was meant. */
const longestLifeMs = 24 * 3_600_000;

export interface Judgement {
  readonly allowed: readonly RemoteCommand[];
  readonly wallMs: number;
  /** The clock was not set since the boot. */
  readonly isClockInDoubt: boolean;
  /** Where commands come from: `uplink ID`. */
  readonly from: string;
}

export type Verdict =
  | { readonly kind: 'run'; readonly command: Command }
  | { readonly kind: 'refuse'; readonly reason: string; readonly hint: string };

/**
 * What is to be done with a command that was not seen before. While our clock is in doubt none is run: whether it has
 * expired cannot be told, and a command from last year that somebody plays again must not run because we believe it is
 * 1970. On the machine itself `plantroom reload` works at all times.
 */
export function judge({ kind, expiresAt, device, fields }: ReadCommand, judgement: Judgement): Verdict {
  const { allowed, wallMs, isClockInDoubt } = judgement;
  const known = remoteCommands.find(name => name === kind);
  if (!known) return refuse(`there is no command ${kind}`, `commands are: ${remoteCommands.join(', ')}`);
  if (!allowed.includes(known)) return refuse(`${kind} is not allowed here`, 'the site file lists what is: commands');
  if (expiresAt === undefined) {
    return refuse('"expiresAt" is missing or no time', 'write a time such as 2026-05-12T06:00:00Z');
  }
  if (isClockInDoubt) {
    return refuse(
      'the clock of the gateway is not set, so it cannot tell whether the command has expired',
      'try later',
    );
  }
  if (expiresAt <= wallMs) return refuse('the command has expired', `here it is ${new Date(wallMs).toISOString()}`);
  if (expiresAt > wallMs + longestLifeMs) return refuse('the command is good for longer than a day', 'shorten it');
  switch (known) {
    case 'reload':
    case 'refresh':
      return { kind: 'run', command: { kind: known } };
    case 'silence': {
      const by = readActor(fields.who, judgement.from);
      return 'kind' in by ? refuse(by.reason, by.hint) : { kind: 'run', command: { kind: known, by } };
    }
    case 'forget-holes':
      return device === undefined
        ? refuse('"device" is missing', 'write the id of the device')
        : { kind: 'run', command: { kind: known, device } };
    default: {
      const reading = readAlarmCommand(known, fields, judgement.from);
      return reading.kind === 'wrong'
        ? refuse(reading.reason, reading.hint)
        : { kind: 'run', command: reading.command };
    }
  }
}

function refuse(reason: string, hint: string): Verdict {
  return { kind: 'refuse', reason, hint };
}
