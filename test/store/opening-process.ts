import { systemClock } from '../../src/base/clock.ts';
import { PlantroomError } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { openStore } from '../../src/store/store.ts';

/* A second daemon: opens the folder it is given, says in one line how that went, and ends. */
const [, , folder = ''] = process.argv;
try {
  const store = await openStore({ folder, clock: systemClock, log: silentLog });
  await store.close();
  process.stdout.write('opened\n');
} catch (error) {
  if (!(error instanceof PlantroomError)) throw error;
  process.stdout.write(`${JSON.stringify({ kind: error.kind, message: error.message, hint: error.hint })}\n`);
}
