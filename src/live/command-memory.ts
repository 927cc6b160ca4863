import type { Clock } from '../base/clock.ts';
import type { CommandReply } from '../model/command.ts';
import type { Store } from '../store/store.ts';

/** Remembers in the store what came over one uplink, so that no command is run twice, over restarts too. */
export function createCommandMemory(store: Store, uplink: string, clock: Clock) {
  return {
    async find(id: string) {
      const record = await store.findCommand(uplink, id);
      if (!record) return undefined;
      const reply = record.reply === undefined ? undefined : (JSON.parse(record.reply) as CommandReply);
      return { id, expiresAt: record.expiresAt, reply };
    },
    keep({ id, expiresAt, reply }: { id: string; expiresAt: number; reply: CommandReply | undefined }): Promise<void> {
      const text = reply === undefined ? undefined : JSON.stringify(reply);
      return store.keepCommand({ uplink, id, receivedAt: clock.wallMs(), expiresAt, reply: text });
    },
  };
}
