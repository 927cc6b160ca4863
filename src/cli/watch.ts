import type { Command } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { type CliContext, styleFor } from './context.ts';
import { findDaemon } from './daemon.ts';
import { describeFailure, type Failure } from './failure.ts';
import { duration, type GlobalOptions } from './options.ts';
import { printJsonLine, printLines } from './output.ts';
import { noMatch } from './points.ts';
import { Screen } from './screen.ts';
import { extendTrends, renderWatch, type Trends, type WatchAnswer, type WatchPicture } from './watch-view.ts';

const defaultIntervalMs = 1_000;

/** How much longer than its interval an answer may take before the values are called old. */
const patienceMs = 2_000;

const ctrlC = '\x03';

interface WatchOptions extends GlobalOptions {
  readonly interval?: number;
}

export function registerWatch(program: Command, context: CliContext): void {
  program
    .command('watch')
    .summary('watch live values')
    .description('Shows live values with their trend. q or Ctrl-C quits. Into a pipe it prints one table a refresh.')
    .argument('[pattern]', 'only points whose key matches, for example "booster/*"')
    .option('--interval <duration>', 'time between two refreshes (default: 1s)', duration('--interval', '100ms', '1h'))
    .addHelpText(
      'after',
      '\nExamples:\n  plantroom watch\n  plantroom watch "booster/*" --interval 500ms\n  plantroom watch --json | jq .status.uplinks',
    )
    .action((pattern: string | undefined, _options: unknown, command: Command) =>
      watch(context, pattern, command.optsWithGlobals()),
    );
}

async function watch(context: CliContext, pattern: string | undefined, options: WatchOptions): Promise<void> {
  const client = await findDaemon(context, options);
  const first = await fetchAnswer(client, pattern);
  if (first.points.length === 0 && pattern !== undefined) throw noMatch(pattern);
  const quit = new AbortController();
  const onSignal = () => quit.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) context.signals.on(signal, onSignal);
  try {
    const watcher = new Watcher(
      context,
      () => fetchAnswer(client, pattern),
      first,
      options.interval ?? defaultIntervalMs,
    );
    if (options.json) await watcher.run(quit.signal, () => printJsonLine(context, watcher.document()));
    else if (context.out.isTTY) await watchOnScreen(context, watcher, quit);
    else await watcher.run(quit.signal, () => printSnapshot(context, watcher.picture()));
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) context.signals.off(signal, onSignal);
  }
}

async function watchOnScreen(context: CliContext, watcher: Watcher, quit: AbortController): Promise<void> {
  const style = styleFor(context.out, context.env);
  const draw = () => screen.draw(renderWatch(watcher.picture(), screen.size, style));
  const onKeys = (keys: string) => {
    if (keys.includes('q') || keys.includes('Q') || keys.includes(ctrlC)) quit.abort();
  };
  using screen = Screen.open(context, onKeys, () => draw());
  await watcher.run(quit.signal, draw);
}

function printSnapshot(context: CliContext, picture: WatchPicture): void {
  printLines(context, [...renderWatch(picture, undefined, styleFor(context.out, context.env)), '']);
}

async function fetchAnswer(client: ApiClient, pattern: string | undefined): Promise<WatchAnswer> {
  const [points, alarms, status] = await Promise.all([client.points(pattern), client.alarms(0), client.status()]);
  return { points, alarms, status };
}

/** Asks again and again, one question at a time, and keeps the last answer while there is none. */
class Watcher {
  readonly #context: CliContext;
  readonly #fetch: () => Promise<WatchAnswer>;
  readonly #intervalMs: number;
  #answer: WatchAnswer;
  #answeredAtMono: number;
  #trends: Trends;
  #failure: Failure | undefined;
  #isAsking = false;

  constructor(context: CliContext, fetch: () => Promise<WatchAnswer>, first: WatchAnswer, intervalMs: number) {
    this.#context = context;
    this.#fetch = fetch;
    this.#intervalMs = intervalMs;
    this.#answer = first;
    this.#answeredAtMono = context.clock.monoMs();
    this.#trends = extendTrends(new Map(), first.points);
  }

  /** Shows at once and then at every interval, until the signal is aborted. */
  async run(signal: AbortSignal, show: () => void): Promise<void> {
    const { clock } = this.#context;
    show();
    let dueMono = clock.monoMs();
    while (!signal.aborted) {
      dueMono = Math.max(dueMono + this.#intervalMs, clock.monoMs());
      // An aborted sleep is the way out of the loop.
      await clock.sleep(dueMono - clock.monoMs(), signal).catch(() => {});
      if (signal.aborted) return;
      // A daemon that hangs must not freeze the picture: the ages go on.
      if (!this.#isAsking) await Promise.race([this.#ask(), clock.sleep(this.#intervalMs, signal).catch(() => {})]);
      if (!signal.aborted) show();
    }
  }

  picture(): WatchPicture {
    const { clock } = this.#context;
    return {
      ...this.#answer,
      trends: this.#trends,
      answerAgeMs: clock.monoMs() - this.#answeredAtMono,
      failure: this.#currentFailure()?.message,
      intervalMs: this.#intervalMs,
      nowMs: clock.wallMs(),
    };
  }

  /** What --json prints: the answer, or why there is none. */
  document(): unknown {
    const at = this.#context.clock.wallMs();
    const failure = this.#currentFailure();
    if (failure !== undefined) return { at, error: failure };
    return { at, answerAgeMs: this.picture().answerAgeMs, ...this.#answer };
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    try {
      this.#answer = await this.#fetch();
      this.#answeredAtMono = this.#context.clock.monoMs();
      this.#trends = extendTrends(this.#trends, this.#answer.points);
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = describeFailure(thrown);
      this.#trends = extendTrends(this.#trends, undefined);
    } finally {
      this.#isAsking = false;
    }
  }

  #currentFailure(): Failure | undefined {
    if (this.#failure !== undefined) return this.#failure;
    const ageMs = this.#context.clock.monoMs() - this.#answeredAtMono;
    if (ageMs <= this.#intervalMs + patienceMs) return undefined;
    return { kind: 'not-running', message: 'the daemon is slow to answer', hint: "look into the daemon's log" };
  }
}
