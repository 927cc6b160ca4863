import { type ErrorKind, exitCodes, messageOf, PlantroomError } from '../base/errors.ts';
import { type CliContext, styleFor } from './context.ts';
import { escapeText } from './render/text.ts';

/** What went wrong, in the two lines that a person reads. */
export interface Failure {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly hint: string;
}

/** Whatever was thrown, as one line of what happened and one line of what to do. */
export function describeFailure(thrown: unknown): Failure {
  if (thrown instanceof PlantroomError) {
    return {
      kind: thrown.kind,
      message: oneLine(thrown.message),
      hint: oneLine(thrown.hint ?? 'see plantroom --help'),
    };
  }
  return {
    kind: 'internal',
    message: oneLine(messageOf(thrown)),
    hint: 'this is a bug of plantroom: report it with this line, and with the stack that PLANTROOM_STACK=1 prints',
  };
}

/** Says on standard error what went wrong. Returns the exit code. */
export function reportFailure(context: CliContext, thrown: unknown, isJson: boolean): number {
  const failure = describeFailure(thrown);
  if (isJson) {
    context.err.write(`${JSON.stringify({ error: failure })}\n`);
  } else {
    const style = styleFor(context.err, context.env);
    context.err.write(`${style.bad('error:')} ${failure.message}\n ${style.accent('hint:')} ${failure.hint}\n`);
  }
  if (context.env.PLANTROOM_STACK && thrown instanceof Error) context.err.write(`${thrown.stack}\n`);
  return exitCodes[failure.kind];
}

function oneLine(text: string): string {
  return escapeText(text.trim().replace(/\s*[\r\n]+\s*/g, ' '));
}
