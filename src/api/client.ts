import type { IncomingMessage } from 'node:http';
import { type Clock, systemClock } from '../base/clock.ts';
import { codeOf, exitCodes, messageOf, PlantroomError } from '../base/errors.ts';
import type { Answer } from '../driver.ts';
import type { AlarmCommand, AlarmCommandBody } from '../model/alarm-command.ts';
import type { Command, CommandReply, OutputCommandBody } from '../model/command.ts';
import type { OutputView } from '../model/output.ts';
import type { PlantView } from '../model/plant.ts';
import type { AlarmsView, HoleView, PointView, StatusView } from '../model/view.ts';
import { request } from './http.ts';
import type { AskBody } from './question.ts';
import type { ApiErrorBody } from './routes.ts';
import { socketAddress } from './socket.ts';

export { longestHistory } from './routes.ts';
export { probeSocket } from './socket.ts';

/** The questions that a daemon answers on its socket. Every call rejects with a PlantroomError. */
export interface ApiClient {
  readonly socketPath: string;
  /** Points whose key matches the glob (all without one), in the order of the site file. */
  points(glob?: string): Promise<readonly PointView[]>;
  alarms(historyLimit: number): Promise<AlarmsView>;
  status(): Promise<StatusView>;
  /** Where the devices of the site are found, and the points of one of them. */
  plant(device?: string): Promise<PlantView>;
  /** Asks a device of a bus that the daemon owns, between its polls. */
  ask(ask: AskBody): Promise<Answer>;
  holes(): Promise<readonly HoleView[]>;
  outputs(): Promise<readonly OutputView[]>;
  command(command: CommandBody): Promise<CommandReply>;
}

/** A command as it is written on the socket. */
export type CommandBody =
  | Exclude<Command, AlarmCommand | { readonly kind: OutputCommandBody['kind'] }>
  | OutputCommandBody
  | AlarmCommandBody;

export const clientLimits = {
  /** From the connection to the last byte of a view. */
  viewTimeoutMs: 5_000,
  /** Beyond what the device itself may take: up to 16 questions and the reads between them may come first. */
  askPatienceMs: 30_000,
  /** A reload reads the disk and may have to wait for it. */
  commandTimeoutMs: 30_000,
  /** About 100,000 points. A longer answer is given up. */
  replyBytes: 64 * 1024 * 1024,
} as const;

/**
 * A client of one daemon. Each question opens its own connection, so a daemon that was restarted is simply the next
 * one to answer.
 */
export function createApiClient(socketPath: string, clock: Clock = systemClock): ApiClient {
  const get = <View>(target: string) => ask<View>({ method: 'GET', target, timeoutMs: clientLimits.viewTimeoutMs });
  const ask = async <View>(request: ClientRequest): Promise<View> => (await send(socketPath, clock, request)) as View;
  return {
    socketPath,
    points: async glob => {
      const query = glob === undefined ? '' : `?${new URLSearchParams({ match: glob })}`;
      return (await get<{ points: PointView[] }>(`/v1/points${query}`)).points;
    },
    alarms: historyLimit => get(`/v1/alarms?history=${historyLimit}`),
    status: () => get('/v1/status'),
    plant: device => get(`/v1/plant${device === undefined ? '' : `?${new URLSearchParams({ device })}`}`),
    ask: body =>
      ask({
        method: 'POST',
        target: '/v1/ask',
        body: JSON.stringify(body),
        timeoutMs: body.timeoutMs + clientLimits.askPatienceMs,
      }),
    holes: async () => (await get<{ holes: HoleView[] }>('/v1/holes')).holes,
    outputs: async () => (await get<{ outputs: OutputView[] }>('/v1/outputs')).outputs,
    command: command =>
      ask({
        method: 'POST',
        target: '/v1/commands',
        body: JSON.stringify(command),
        timeoutMs: clientLimits.commandTimeoutMs,
      }),
  };
}

interface ClientRequest {
  readonly method: 'GET' | 'POST';
  readonly target: string;
  readonly body?: string;
  readonly timeoutMs: number;
}

async function send(socketPath: string, clock: Clock, question: ClientRequest): Promise<unknown> {
  const deadline = new AbortController();
  const timer = clock.at(clock.monoMs() + question.timeoutMs, () => deadline.abort());
  try {
    const response = await open(socketAddress(socketPath), question, deadline.signal);
    const text = await readText(response);
    return unwrap(response.statusCode ?? 0, text, socketPath);
  } catch (thrown) {
    throw describeError(thrown, socketPath, deadline.signal.aborted ? question.timeoutMs : undefined);
  } finally {
    timer.cancel();
  }
}

function open(address: string, question: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: address,
        method: question.method,
        path: question.target,
        agent: false,
        signal,
        ...(question.body === undefined ? {} : { headers: { 'content-type': 'application/json' } }),
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(question.body);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > clientLimits.replyBytes) throw new Error(`the answer is longer than ${clientLimits.replyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unwrap(status: number, text: string, socketPath: string): unknown {
  const body = parseReply(text, socketPath);
  if (status === 200) return body;
  const error = (body as Partial<ApiErrorBody> | null)?.error;
  if (error === undefined || !Object.hasOwn(exitCodes, error.kind))
    throw notOurs(socketPath, `it answered with status ${status}`);
  throw new PlantroomError(String(error.message), {
    kind: error.kind,
    ...(error.hint === undefined ? {} : { hint: String(error.hint) }),
  });
}

function parseReply(text: string, socketPath: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw notOurs(socketPath, messageOf(thrown));
  }
}

function notOurs(socketPath: string, detail: string): PlantroomError {
  return new PlantroomError(`what listens on ${socketPath} does not speak our language: ${detail}`, {
    kind: 'network',
    hint: 'check --socket; after an upgrade, restart the daemon',
  });
}

/** @param timeoutMs the deadline, when it was reached */
function describeError(thrown: unknown, socketPath: string, timeoutMs: number | undefined): PlantroomError {
  if (thrown instanceof PlantroomError) return thrown;
  if (timeoutMs !== undefined) {
    return new PlantroomError(`the daemon on ${socketPath} does not answer within ${timeoutMs / 1_000} s`, {
      kind: 'not-running',
      hint: 'look into its log; if it hangs, restart it',
      cause: thrown,
    });
  }
  const code = codeOf(thrown);
  if (code === 'EACCES' || code === 'EPERM') {
    return new PlantroomError(`no permission to open ${socketPath}`, {
      kind: 'refused',
      hint: 'use sudo, or join the group that owns the socket',
      cause: thrown,
    });
  }
  if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK' || code === 'ENOTDIR') {
    return new PlantroomError(`no daemon answers on ${socketPath}`, {
      kind: 'not-running',
      hint: 'start it with: plantroom run --site FILE',
      cause: thrown,
    });
  }
  return new PlantroomError(`the connection to ${socketPath} broke: ${messageOf(thrown)}`, {
    kind: 'not-running',
    hint: "try again; if it stays, look into the daemon's log",
    cause: thrown,
  });
}
