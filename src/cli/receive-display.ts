import type { Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Receiver, ReceiverCounts } from '../receive/receiver.ts';
import { type CliContext, styleFor, widthOf } from './context.ts';
import { renderLine } from './render/line.ts';
import { eraseLine } from './render/progress.ts';
import { escapeText } from './render/text.ts';
import { formatTime } from './render/time.ts';
import { countOf } from './render/words.ts';

/** What a person sees of a receiver: sentences, and below them a line that counts. */
export interface ReceiveDisplay {
  /** Undefined where nobody looks: the sentences then go where those of a daemon go. */
  readonly log: Log | undefined;
  begin(receiver: Receiver, output: string): void;
  end(): void;
}

const drawEveryMs = 500;

export function createReceiveDisplay(context: CliContext, isJson: boolean): ReceiveDisplay {
  const { clock, err } = context;
  if (err.isTTY !== true || isJson) return { log: undefined, begin() {}, end() {} };
  const style = styleFor(err, context.env);
  let receiver: Receiver | undefined;
  let timer: Timer | undefined;

  const say = (text: string, paint = style.plain) =>
    err.write(`${eraseLine}${style.faint(formatTime(clock.wallMs()))} ${paint(escapeText(text))}\n`);

  function draw(): void {
    if (receiver) err.write(eraseLine + renderLine(describeCounts(receiver.counts()), widthOf(err)));
    timer = clock.at(clock.monoMs() + drawEveryMs, draw);
  }

  const log: Log = {
    debug() {},
    info: (_fields, message) => say(message),
    warn: (_fields, message) => say(message, style.warning),
    error: (_fields, message) => say(message, style.bad),
    child: () => log,
  };
  return {
    log,
    begin(running, output) {
      receiver = running;
      say(`writing to ${output}; Ctrl-C ends it, and the broker keeps what comes meanwhile`);
      draw();
    },
    end() {
      timer?.cancel();
      if (receiver) err.write(`${eraseLine}${renderLine(describeCounts(receiver.counts()), widthOf(err))}\n`);
    },
  };
}

function describeCounts({ records, duplicates, gateways }: ReceiverCounts): string[] {
  const { alarm, summary, foreign } = records;
  return [
    countOf(alarm, 'alarm event'),
    countOf(summary, 'summary', 'summaries'),
    countOf(duplicates, 'duplicate'),
    ...(foreign > 0 ? [`${foreign} put aside`] : []),
    `from ${countOf(gateways, 'gateway')}`,
  ];
}
