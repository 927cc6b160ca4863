import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { openStore } from '../../src/store/store.ts';
import { rigEvent, rigStateAfter } from './rig.ts';

/*
 * A process for tests to kill or to break the disk of. It commits events without end, or up to a number, and prints
 * `acknowledged N` for each that is committed and `failing` or `ok` whenever the state of its store changes.
 */
const [, , folder = '', last = '1e9'] = process.argv;
const store = await openStore({ folder, clock: systemClock, log: silentLog, limits: { reserveBytes: 0 } });
process.stdout.write(`opened ${store.lastEventNumber}\n`);
let lastState = '';
for (let number = store.lastEventNumber + 1; number <= Number(last); number += 1) {
  const event = rigEvent(number, store.id);
  const told = setInterval(tellState, 20);
  await store.commitAlarms([event], [rigStateAfter(event)]);
  clearInterval(told);
  tellState();
  process.stdout.write(`acknowledged ${number}\n`);
}
await store.close();

function tellState(): void {
  const { state, lastFailure } = store.figures();
  if (state === lastState) return;
  lastState = state;
  process.stdout.write(`${state} ${lastFailure ?? ''}\n`);
}
