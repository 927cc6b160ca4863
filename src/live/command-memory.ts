import type { CommandReply } from '../model/command.ts';

interface Seen {
  readonly id: string;
  readonly kind: string;
  readonly expiresAt: number;
  readonly reply: CommandReply | undefined;
}

/** Most commands remembered; the oldest goes. */
const mostSeen = 1_000;

/** Remembers remote commands while the process lives. It stands until the store remembers them over restarts. */
export function createCommandMemory() {
  const seen = new Map<string, Seen>();
  return {
    find: async (id: string): Promise<Seen | undefined> => seen.get(id),
    async keep(command: Seen): Promise<void> {
      seen.set(command.id, command);
      const [oldest] = seen.keys();
      if (seen.size > mostSeen && oldest !== undefined) seen.delete(oldest);
    },
  };
}
