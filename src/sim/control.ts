import { chmod, lstat, mkdir, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { Simulator } from './simulator.ts';

/** What POST /fault takes. */
export interface FaultRequest {
  readonly device: string;
  readonly fault: string;
  /** Null: until it is cleared. */
  readonly forMs: number | null;
}

/** What POST /clear takes; null clears all devices. */
export interface ClearRequest {
  readonly device: string | null;
}

/** What POST /plug takes. */
export interface PlugRequest {
  readonly bus: string;
  readonly isPlugged: boolean;
}

export interface ControlErrorBody {
  readonly error: { readonly kind: PlantroomError['kind']; readonly message: string; readonly hint: string | null };
}

export interface Control {
  close(): Promise<void>;
}

const mostBodyBytes = 4_096;
const mostConnections = 16;
const longestRequestMs = 5_000;
/** A week: a fault that should last longer is started without an end. */
const longestFaultMs = 7 * 86_400_000;

/**
 * Lets people make faults: HTTP on a Unix socket that only its owner may open. GET /faults, POST /fault, POST /clear,
 * POST /plug; JSON both ways.
 *
 * @throws PlantroomError `busy` when another simulator holds the socket, `storage` when it cannot be made there
 */
export async function openControl(simulator: Simulator, socketPath: string): Promise<Control> {
  await claim(socketPath);
  const server = createServer(
    { requestTimeout: longestRequestMs, headersTimeout: longestRequestMs, connectionsCheckingInterval: 1_000 },
    (request, response) => void serve(simulator, request, response),
  );
  server.maxConnections = mostConnections;
  await listen(server, socketPath);
  await chmod(socketPath, 0o600);
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Makes the folder, and removes a socket that a dead simulator left behind. */
async function claim(socketPath: string): Promise<void> {
  try {
    await mkdir(dirname(socketPath), { recursive: true });
    // A connection to a plain file is refused just like one to a dead socket.
    if (!(await lstat(socketPath)).isSocket()) throw new Error('there is a file of that name');
    if (await isAnswered(socketPath)) {
      throw new PlantroomError(`another simulator already listens on ${socketPath}`, {
        kind: 'busy',
        hint: 'stop it first, or give this one a folder of its own with --data',
      });
    }
    await unlink(socketPath);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return;
    throw storageError(socketPath, thrown);
  }
}

function isAnswered(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', error => (codeOf(error) === 'ECONNREFUSED' ? resolve(false) : reject(error)));
  });
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', thrown => reject(storageError(socketPath, thrown)));
    server.listen({ path: socketPath }, () => resolve());
  });
}

function storageError(socketPath: string, thrown: unknown): unknown {
  if (thrown instanceof PlantroomError) return thrown;
  return new PlantroomError(`cannot make the socket ${socketPath}: ${messageOf(thrown)}`, {
    kind: 'storage',
    hint: 'check who owns the folder and what lies there, or give another folder with --data',
    cause: thrown,
  });
}

async function serve(simulator: Simulator, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    reply(response, 200, await route(simulator, `${request.method} ${request.url}`, await readBody(request)));
  } catch (thrown) {
    const error =
      thrown instanceof PlantroomError ? thrown : new PlantroomError(messageOf(thrown), { kind: 'internal' });
    const body: ControlErrorBody = { error: { kind: error.kind, message: error.message, hint: error.hint ?? null } };
    reply(response, error.kind === 'internal' ? 500 : 400, body);
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function route(simulator: Simulator, target: string, body: Readonly<Record<string, unknown>>): Promise<unknown> {
  switch (target) {
    case 'GET /faults':
      return simulator.faults();
    case 'POST /fault':
      simulator.startFault(textIn(body, 'device'), textIn(body, 'fault'), durationIn(body, 'forMs'));
      return simulator.faults();
    case 'POST /clear':
      return { cleared: simulator.clearFaults(body.device === null ? undefined : textIn(body, 'device')) };
    case 'POST /plug':
      await simulator.setPlugged(textIn(body, 'bus'), body.isPlugged === true);
      return {};
    default:
      throw refused(`there is no ${target}`);
  }
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > mostBodyBytes) throw refused(`a request has at most ${mostBodyBytes} bytes`);
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } catch (thrown) {
    throw refused(`the request is no JSON: ${messageOf(thrown)}`);
  }
  throw refused('the request is no JSON object');
}

function textIn(body: Readonly<Record<string, unknown>>, key: string): string {
  const value = body[key];
  if (typeof value === 'string') return value;
  throw refused(`${key} must be a text`);
}

function durationIn(body: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = body[key];
  if (value === null) return undefined;
  if (typeof value === 'number' && value > 0 && value <= longestFaultMs) return value;
  throw refused(`${key} must be null or milliseconds up to a week`);
}

function refused(message: string): PlantroomError {
  return new PlantroomError(message, {
    kind: 'usage',
    hint: 'ask GET /faults, POST /fault, POST /clear or POST /plug',
  });
}
