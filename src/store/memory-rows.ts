import type { RuleMemory } from '../model/rule-memory.ts';
import type { Database } from './database.ts';
import type { StoredMemory } from './messages.ts';

/** What rules remember: one row each, replaced whole. There are no more than the site has rules. */
export interface MemoryRows {
  write(memories: readonly RuleMemory[]): void;
  remove(rules: readonly string[]): void;
  all(): StoredMemory[];
}

export function createMemoryRows(database: Database): MemoryRows {
  const replace = database.prepare(
    'INSERT INTO rule_memory (rule, body) VALUES (?, ?) ON CONFLICT (rule) DO UPDATE SET body = excluded.body',
  );
  const remove = database.prepare('DELETE FROM rule_memory WHERE rule = ?');
  const select = database.prepare<[], StoredMemory>('SELECT rule, body FROM rule_memory ORDER BY rule');
  return {
    write(memories) {
      for (const memory of memories) replace.run(memory.rule, JSON.stringify(memory));
    },
    remove(rules) {
      for (const rule of rules) remove.run(rule);
    },
    all: () => select.all(),
  };
}
