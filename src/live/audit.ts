import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { AuditEntry, Store } from '../store/store.ts';

export type Audit = (entry: AuditEntry) => void;

/** Writes down what was done with the gateway. Nobody waits for it; what the disk does not take is at least in the log. */
export function createAudit(store: Pick<Store, 'appendAudit'>, log: Log): Audit {
  return entry => {
    log.info({ ...entry }, 'audit');
    store
      .appendAudit(entry)
      .catch(failure => log.error({ ...entry, failure: messageOf(failure) }, 'an audit entry was not stored'));
  };
}
