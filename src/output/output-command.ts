import { formatDuration } from '../base/duration.ts';
import type { Command, CommandReply } from '../model/command.ts';
import type { Outputs } from './outputs.ts';

export type OutputCommand = Extract<Command, { readonly kind: 'silence' | 'test-output' }>;

/** Does what a person asks of the outputs, and says what was done. */
export function runOutputCommand(outputs: Outputs, command: OutputCommand): CommandReply {
  if (command.kind === 'silence') return silence(outputs);
  const { output, durationMs } = command;
  if (!outputs.test(output, durationMs)) {
    const message = `there is no output ${JSON.stringify(output)}`;
    return { kind: 'refused', message, details: ['plantroom outputs lists them'] };
  }
  const message =
    durationMs > 0 ? `${output} is on for ${formatDuration(durationMs)}` : `the test of ${output} has ended`;
  return { kind: 'done', message };
}

function silence(outputs: Outputs): CommandReply {
  const alarms = outputs.silence();
  const what = alarms === 0 ? 'no alarm calls a siren' : `${alarms} ${alarms === 1 ? 'alarm' : 'alarms'} silenced`;
  return { kind: 'done', message: `${what}; sirens sound again for a new alarm` };
}
