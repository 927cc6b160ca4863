import { chmod, mkdir } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Gateway } from '../gateway.ts';
import { createServer } from './http.ts';
import { type ApiReply, type ApiRequest, createRoutes, errorBody } from './routes.ts';
import { claimSocketPath, socketAddress } from './socket.ts';

export { claimSocketPath } from './socket.ts';

export interface Api {
  /**
   * Listens on the socket, which its owner and group may use.
   *
   * @throws PlantroomError `busy` when another daemon holds the socket, `storage` when it cannot be made there
   */
  start(): Promise<void>;
  /** Ends every connection at once, the hanging ones too, and removes the socket. */
  stop(): Promise<void>;
}

export interface ApiOptions {
  readonly gateway: Gateway;
  readonly socketPath: string;
  readonly log: Log;
}

/** What a client may ask of us. Everything beyond is refused, and the connection is closed. */
export const apiLimits = {
  bodyBytes: 64 * 1024,
  headerBytes: 8 * 1024,
  headerCount: 50,
  connections: 64,
  /** For a whole request to arrive, from its first byte on. */
  requestTimeoutMs: 5_000,
  /** How long a connection may stay open without a request. */
  idleTimeoutMs: 5_000,
} as const;

/**
 * HTTP on a Unix socket: GET /v1/points?match=GLOB, GET /v1/alarms?history=N, GET /v1/status, GET
 * /v1/plant?device=ID, POST /v1/ask, POST /v1/commands.
 * Replies are JSON; docs/cli.md has their shapes. Nothing listens on a TCP port.
 */
export function createApi(options: ApiOptions): Api {
  const answer = createRoutes(options.gateway, options.log);
  const server = createServer(
    {
      maxHeaderSize: apiLimits.headerBytes,
      headersTimeout: apiLimits.requestTimeoutMs,
      requestTimeout: apiLimits.requestTimeoutMs,
      keepAliveTimeout: apiLimits.idleTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void serve(request, response, answer),
  );
  server.maxHeadersCount = apiLimits.headerCount;
  server.maxConnections = apiLimits.connections;
  return {
    start: () => listen(server, options),
    stop: () => close(server),
  };
}

async function listen(server: Server, { socketPath, log }: ApiOptions): Promise<void> {
  const address = socketAddress(socketPath);
  try {
    await mkdir(dirname(address), { recursive: true });
    await claimSocketPath(socketPath);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: address }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    await chmod(address, 0o660);
  } catch (thrown) {
    throw describeListenError(thrown, socketPath);
  }
  server.on('error', error => log.warn({ error: messageOf(error) }, 'the api socket reports an error'));
  server.on('drop', () => log.warn({ limit: apiLimits.connections }, 'refused an api connection: too many are open'));
  log.info({ socket: socketPath }, 'the api listens');
}

function describeListenError(thrown: unknown, socketPath: string): PlantroomError {
  if (thrown instanceof PlantroomError) return thrown;
  if (codeOf(thrown) === 'EADDRINUSE') {
    return new PlantroomError(`another daemon took ${socketPath} in this moment`, {
      kind: 'busy',
      hint: 'start only one of them',
      cause: thrown,
    });
  }
  return new PlantroomError(`cannot listen on ${socketPath}: ${messageOf(thrown)}`, {
    kind: 'storage',
    hint: 'check that the folder exists and may be written, or give another path with --socket',
    cause: thrown,
  });
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>(resolve => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  answer: (request: ApiRequest) => Promise<ApiReply>,
): Promise<void> {
  // A client that goes away mid-request is its own business.
  response.on('error', () => {});
  const body = await readBody(message);
  if (body === undefined) {
    if (message.destroyed) return;
    response.setHeader('connection', 'close');
    send(response, { status: 413, body: errorBody('usage', `a body may have ${apiLimits.bodyBytes} bytes`) });
    return;
  }
  send(response, await answer({ method: message.method ?? '', target: message.url ?? '', body }));
}

/** Undefined when the body is too long or never came to its end. The rest of a long body is not waited for. */
function readBody(message: IncomingMessage): Promise<string | undefined> {
  return new Promise(resolve => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= apiLimits.bodyBytes) chunks.push(chunk);
      else resolve(undefined);
    });
    message.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    message.on('error', () => resolve(undefined));
    message.on('close', () => resolve(undefined));
  });
}

function send(response: ServerResponse, reply: ApiReply): void {
  const body = Buffer.from(`${JSON.stringify(reply.body)}\n`);
  response.writeHead(reply.status, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...(reply.allow === undefined ? {} : { allow: reply.allow }),
  });
  response.end(body);
}
