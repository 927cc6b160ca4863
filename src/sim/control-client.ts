import { request } from 'node:http';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { ClearRequest, ControlErrorBody, FaultRequest, PlugRequest } from './control.ts';
import type { DeviceFaultsView } from './fault-desk.ts';

/** Talks to a running simulator. Every call rejects with a PlantroomError; `not-running` when there is none. */
export interface ControlClient {
  faults(): Promise<readonly DeviceFaultsView[]>;
  /** @param forMs undefined: until it is cleared */
  startFault(device: string, fault: string, forMs: number | undefined): Promise<void>;
  /** @returns how many faults ended */
  clear(device: string | undefined): Promise<number>;
  /** Pulls a bus out, or puts it in again. */
  setPlugged(bus: string, isPlugged: boolean): Promise<void>;
}

const timeoutMs = 3_000;

export function createControlClient(socketPath: string): ControlClient {
  return {
    faults: async () => (await ask(socketPath, 'GET', '/faults')) as readonly DeviceFaultsView[],
    startFault: async (device, fault, forMs) => {
      const body: FaultRequest = { device, fault, forMs: forMs ?? null };
      await ask(socketPath, 'POST', '/fault', body);
    },
    clear: async device => {
      const body: ClearRequest = { device: device ?? null };
      return ((await ask(socketPath, 'POST', '/clear', body)) as { readonly cleared: number }).cleared;
    },
    setPlugged: async (bus, isPlugged) => {
      const body: PlugRequest = { bus, isPlugged };
      await ask(socketPath, 'POST', '/plug', body);
    },
  };
}

function ask(socketPath: string, method: string, path: string, body?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, timeout: timeoutMs, agent: false }, response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('error', thrown => reject(describe(thrown, socketPath)));
      response.on('end', () => {
        try {
          resolve(unwrap(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
        } catch (thrown) {
          reject(describe(thrown, socketPath));
        }
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`)));
    outgoing.on('error', thrown => reject(describe(thrown, socketPath)));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function unwrap(status: number, text: string): unknown {
  const body: unknown = JSON.parse(text);
  if (status === 200) return body;
  const { kind, message, hint } = (body as ControlErrorBody).error;
  throw new PlantroomError(message, { kind, ...(hint === null ? {} : { hint }) });
}

function describe(thrown: unknown, socketPath: string): PlantroomError {
  if (thrown instanceof PlantroomError) return thrown;
  const code = codeOf(thrown);
  const isNobodyThere = code === 'ENOENT' || code === 'ECONNREFUSED';
  return new PlantroomError(
    isNobodyThere ? `no simulator answers on ${socketPath}` : `the simulator on ${socketPath}: ${messageOf(thrown)}`,
    {
      kind: 'not-running',
      hint: 'start the demo with npm start, or a simulator with: plantroom sim run --site FILE',
      cause: thrown,
    },
  );
}
