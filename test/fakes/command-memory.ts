import type { CommandReply } from '../../src/model/command.ts';

interface Seen {
  readonly id: string;
  readonly expiresAt: number;
  readonly reply: CommandReply | undefined;
}

/** Most commands remembered; the oldest goes. */
const mostSeen = 1_000;

/** Remembers remote commands as the store does, without a disk. */
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
