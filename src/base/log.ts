import { destination, pino } from 'pino';
import type { Clock } from './clock.ts';

/** What a stage may say. Fields are plain data; the message is a sentence without them. */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
  child(fields: Record<string, unknown>): Log;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One JSON object a line on standard error, which is what journald stores and `journalctl -o cat | jq` reads. */
export function createLog(level: LogLevel, clock: Clock): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"at":"${new Date(clock.wallMs()).toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
    },
    destination({ dest: 2, sync: true }),
  );
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
