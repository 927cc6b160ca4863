import type { Command } from 'commander';
import { parities } from '../../model/serial-line.ts';
import { oneOf } from '../options.ts';
import { type LineWords, parseBaud } from './endpoint.ts';

export interface LineOptions {
  readonly baud?: number;
  readonly parity?: LineWords['parity'];
  readonly stopBits?: '1' | '2';
}

/** The settings of a serial line, as options of a verb. */
export function addLineOptions(command: Command): Command {
  return command
    .option('--baud <rate>', 'of a serial line (default: 9600)', parseBaud)
    .option('--parity <parity>', 'none, even or odd (default: none)', oneOf('--parity', parities))
    .option('--stop-bits <n>', '1 or 2 (default: 1)', oneOf('--stop-bits', ['1', '2'] as const));
}

export function lineWordsOf({ baud, parity, stopBits }: LineOptions): LineWords {
  return { baudRate: baud, parity, stopBits: stopBits === undefined ? undefined : stopBits === '2' ? 2 : 1 };
}
