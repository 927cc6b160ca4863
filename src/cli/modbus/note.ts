import { type CliContext, styleFor } from '../context.ts';
import { escapeText } from '../render/text.ts';

/** A remark beside the answer: on standard error, and not for scripts. */
export function note(context: CliContext, options: { readonly json?: boolean }, text: string): void {
  if (options.json) return;
  const style = styleFor(context.err, context.env);
  context.err.write(`${style.accent('note:')} ${escapeText(text)}\n`);
}
