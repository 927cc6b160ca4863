/**
 * Whether the primary host listens on this server (Sparkplug 3.0, 5.4 and 5.6). Pure. The host publishes its birth, and
 * leaves its death as a will, both retained on its STATE topic; a death that arrives late, after the next birth, is told
 * by its time.
 */
export interface HostState {
  readonly isOnline: boolean;
  /** The timestamp of the last message that counted; undefined before the first. */
  readonly at: number | undefined;
}

export const unknownHost: HostState = { isOnline: false, at: undefined };

export type HostVerdict =
  | 'online'
  | 'offline'
  /** Older than one that counted. */
  | 'outdated'
  /** Not a STATE message of Sparkplug 3.0. */
  | 'unreadable';

export interface HostStep {
  readonly state: HostState;
  readonly verdict: HostVerdict;
}

/** A STATE message arrived. */
export function stepHost(state: HostState, payload: string): HostStep {
  const message = parseState(payload);
  if (!message) return { state, verdict: 'unreadable' };
  if (state.at !== undefined && message.timestamp < state.at) return { state, verdict: 'outdated' };
  return {
    state: { isOnline: message.online, at: message.timestamp },
    verdict: message.online ? 'online' : 'offline',
  };
}

function parseState(payload: string): { readonly online: boolean; readonly timestamp: number } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || !('online' in parsed) || !('timestamp' in parsed))
    return undefined;
  const { online, timestamp } = parsed;
  if (typeof online !== 'boolean' || typeof timestamp !== 'number' || !Number.isFinite(timestamp)) return undefined;
  return { online, timestamp };
}
