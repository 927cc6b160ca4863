import { type ErrorKind, messageOf, PlantroomError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Answer } from '../driver.ts';
import type { Gateway } from '../gateway.ts';
import type { Actor } from '../model/alarm.ts';
import { alarmCommands, readActor, readAlarmCommand } from '../model/alarm-command.ts';
import type { Command } from '../model/command.ts';
import { longestGlob, matchesPoint } from '../model/glob.ts';
import { longestTestMs } from '../model/output.ts';
import { type PlantView, plantOf } from '../model/plant.ts';
import { parseAsk } from './question.ts';

/** Most events that one answer holds. */
export const longestHistory = 1_000;

export interface ApiRequest {
  readonly method: string;
  /** Path and query, as they stand in the request line. */
  readonly target: string;
  readonly body: string;
}

export interface ApiReply {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: unknown;
  /** The one method that the path takes, where another was used. */
  readonly allow?: string;
}

/** What every reply with a status of 400 or more carries. */
export interface ApiErrorBody {
  readonly error: { readonly kind: ErrorKind; readonly message: string; readonly hint?: string };
}

interface Route {
  readonly method: 'GET' | 'POST';
  /** Names of the query parameters it knows. */
  readonly parameters: readonly string[];
  answer(query: URLSearchParams, body: string): unknown;
}

/** Answers requests from a gateway. Never rejects: what goes wrong is a reply with a status of 400 or more. */
export function createRoutes(gateway: Gateway, log: Log): (request: ApiRequest) => Promise<ApiReply> {
  const routes = new Map<string, Route>([
    ['/v1/points', { method: 'GET', parameters: ['match'], answer: query => answerPoints(gateway, query) }],
    ['/v1/alarms', { method: 'GET', parameters: ['history'], answer: query => gateway.alarms(parseHistory(query)) }],
    ['/v1/status', { method: 'GET', parameters: [], answer: () => gateway.status() }],
    ['/v1/plant', { method: 'GET', parameters: ['device'], answer: query => answerPlant(gateway, query) }],
    ['/v1/ask', { method: 'POST', parameters: [], answer: (_, body) => answerAsk(gateway, body) }],
    ['/v1/holes', { method: 'GET', parameters: [], answer: () => ({ holes: gateway.holes() }) }],
    ['/v1/outputs', { method: 'GET', parameters: [], answer: () => ({ outputs: gateway.outputs() }) }],
    ['/v1/commands', { method: 'POST', parameters: [], answer: (_, body) => gateway.handle(parseCommand(body)) }],
  ]);
  return async request => {
    try {
      return await answer(routes, request);
    } catch (thrown) {
      return replyToError(thrown, request, log);
    }
  };
}

async function answer(routes: ReadonlyMap<string, Route>, request: ApiRequest): Promise<ApiReply> {
  const [path = '', ...rest] = request.target.split('?');
  const route = routes.get(path);
  if (!route) {
    const known = [...routes.keys()].join(', ');
    return { status: 404, body: errorBody('not-found', `there is no ${path}`, `known are ${known}`) };
  }
  if (request.method !== route.method) {
    const message = `${path} takes ${route.method}, not ${request.method}`;
    return { status: 405, body: errorBody('usage', message), allow: route.method };
  }
  const query = new URLSearchParams(rest.join('?'));
  checkParameters(query, route.parameters);
  return { status: 200, body: await route.answer(query, request.body) };
}

/** A misspelt parameter that is silently ignored would answer a question nobody asked. */
function checkParameters(query: URLSearchParams, known: readonly string[]): void {
  for (const name of new Set(query.keys())) {
    if (!known.includes(name)) throw usage(`unknown parameter ${name}`);
    if (query.getAll(name).length > 1) throw usage(`the parameter ${name} is given more than once`);
  }
}

function answerPoints(gateway: Gateway, query: URLSearchParams) {
  const glob = query.get('match') ?? '*';
  if (glob.length > longestGlob) throw usage(`the pattern is longer than ${longestGlob} characters`);
  return { points: gateway.points().filter(({ key }) => matchesPoint(key, glob)) };
}

function answerPlant(gateway: Gateway, query: URLSearchParams): PlantView {
  const site = gateway.site();
  const device = query.get('device') ?? undefined;
  if (device !== undefined && !site.devices.some(({ id }) => id === device)) {
    throw new PlantroomError(`the site has no device ${JSON.stringify(device.slice(0, 80))}`, {
      kind: 'not-found',
      hint: 'list them with: plantroom status',
    });
  }
  return plantOf(site, device);
}

function answerAsk(gateway: Gateway, body: string): Promise<Answer> {
  const { bus, question, timeoutMs } = parseAsk(parseJson(body));
  const isBacnet = question.kind === 'bacnet-read' || question.kind === 'who-is';
  const { buses, bacnet } = plantOf(gateway.site());
  const known = (isBacnet ? bacnet.buses : buses).map(({ id }) => id);
  if (known.includes(bus)) return gateway.ask(bus, question, timeoutMs);
  throw new PlantroomError(
    `the site has no ${isBacnet ? 'BACnet' : 'Modbus'} bus ${JSON.stringify(bus.slice(0, 80))}`,
    {
      kind: 'not-found',
      hint: `it has ${known.join(', ') || 'none'}`,
    },
  );
}

function parseHistory(query: URLSearchParams): number {
  const text = query.get('history') ?? '0';
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(limit <= longestHistory)) throw usage(`history must be a whole number from 0 to ${longestHistory}`);
  return limit;
}

function parseCommand(body: string): Command {
  const command = parseJson(body);
  if (typeof command !== 'object' || command === null || !('kind' in command)) {
    throw usage('a command is a JSON object with a kind');
  }
  if (command.kind === 'reload') return { kind: 'reload' };
  if (command.kind === 'forget-holes') {
    if ('device' in command && typeof command.device === 'string')
      return { kind: 'forget-holes', device: command.device };
    throw usage('"forget-holes" needs the id of a device', '{"kind":"forget-holes","device":"meter-3"}');
  }
  if (command.kind === 'silence') return { kind: 'silence', by: actorOf(command) };
  if (command.kind === 'test-output') return parseTest(command);
  const alarmKind = alarmCommands.find(kind => kind === command.kind);
  if (alarmKind !== undefined) {
    const reading = readAlarmCommand(alarmKind, { ...command }, 'cli');
    if (reading.kind === 'command') return reading.command;
    throw usage(reading.reason, reading.hint);
  }
  const known = ['reload', 'forget-holes', 'silence', 'test-output', ...alarmCommands].join(', ');
  throw usage(`unknown command ${JSON.stringify(command.kind)?.slice(0, 80)}`, `known are ${known}`);
}

function parseTest(command: object): Command {
  const { output, durationMs } = { output: undefined, durationMs: undefined, ...command };
  if (typeof output !== 'string') {
    throw usage('"test-output" needs the id of an output', '{"kind":"test-output","output":"siren","durationMs":3000}');
  }
  if (typeof durationMs !== 'number' || !(durationMs >= 0 && durationMs <= longestTestMs)) {
    throw usage(`"durationMs" must be a number from 0 to ${longestTestMs}`);
  }
  return { kind: 'test-output', by: actorOf(command), output, durationMs };
}

function actorOf(command: object): Actor {
  const by = readActor('who' in command ? command.who : undefined, 'cli');
  if ('kind' in by) throw usage(by.reason, by.hint);
  return by;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw usage('the body is no JSON');
  }
}

function usage(message: string, hint?: string): PlantroomError {
  return new PlantroomError(message, { kind: 'usage', ...(hint === undefined ? {} : { hint }) });
}

export function errorBody(kind: ErrorKind, message: string, hint?: string): ApiErrorBody {
  return { error: { kind, message, ...(hint === undefined ? {} : { hint }) } };
}

/** Statuses by kind of error; a kind that is not here is the daemon's own trouble. */
const statuses: Partial<Record<ErrorKind, number>> = {
  usage: 400,
  'not-found': 404,
  refused: 409,
  site: 422,
  busy: 503,
};

function replyToError(thrown: unknown, request: ApiRequest, log: Log): ApiReply {
  if (thrown instanceof PlantroomError) {
    return { status: statuses[thrown.kind] ?? 500, body: errorBody(thrown.kind, thrown.message, thrown.hint) };
  }
  log.error({ target: request.target, error: messageOf(thrown) }, 'a request failed');
  return {
    status: 500,
    body: errorBody('internal', messageOf(thrown), "look into the daemon's log; this is a bug worth reporting"),
  };
}
