import type { Actor } from './alarm.ts';
import { type AlarmCommand, alarmCommands } from './alarm-command.ts';

/** What people and the platform may ask of a running gateway. All of it goes through gateway.handle. */
export type Command =
  | { readonly kind: 'reload' }
  /** What was learned of this device is forgotten, and asked for again at once. */
  | { readonly kind: 'forget-holes'; readonly device: string }
  /** The alarms that stand are sent anew. */
  | { readonly kind: 'refresh' }
  /** Sirens are off until a new alarm comes. */
  | { readonly kind: 'silence'; readonly by: Actor }
  /** An output is switched on to see whether it works, ms; 0 ends it. */
  | { readonly kind: 'test-output'; readonly by: Actor; readonly output: string; readonly durationMs: number }
  | AlarmCommand;

/** The commands for outputs as they are written on the socket. */
export type OutputCommandBody =
  | { readonly kind: 'silence'; readonly who?: string }
  | { readonly kind: 'test-output'; readonly output: string; readonly durationMs: number; readonly who?: string };

/** Commands that a platform may be allowed to send, by the name the site file gives them. None of them touches the plant. */
export const remoteCommands = ['reload', 'forget-holes', 'refresh', 'silence', ...alarmCommands] as const;
export type RemoteCommand = (typeof remoteCommands)[number];

export type CommandReply =
  | { readonly kind: 'done'; readonly message: string }
  /** Nothing was changed; `details` are the lines that say why. `isUnknown`: there is nothing of that name. */
  | {
      readonly kind: 'refused';
      readonly message: string;
      readonly details: readonly string[];
      readonly isUnknown?: boolean;
    };
