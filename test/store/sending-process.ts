import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { openStore } from '../../src/store/store.ts';
import { rigEvent, rigStateAfter } from './rig.ts';

/*
 * A gateway with an uplink, for tests to hang the disk of: an event every 50 ms, up to a number, and an uplink that reads
 * as soon as there is something to read and settles it at once. Prints `stored N`, `sent N`, and the store's state
 * whenever it changes; `late MS` is the longest that this thread was away.
 */
const [, , folder = '', last = '60'] = process.argv;
const store = await openStore({ folder, clock: systemClock, log: silentLog, limits: { reserveBytes: 0 } });
await store.useUplinks(['platform']);
const say = (text: string) => process.stdout.write(`${text}\n`);
let sent = store.lastEventNumber;
let made = store.lastEventNumber;
let isOver = false;
let lastState = '';
let tickedMono = performance.now();
let longestMs = 0;

const ticking = setInterval(() => {
  longestMs = Math.max(longestMs, performance.now() - tickedMono - 10);
  tickedMono = performance.now();
  const { state, lastFailure } = store.figures();
  if (state !== lastState) say(`${state} ${lastFailure ?? ''}`);
  lastState = state;
}, 10);

async function send(): Promise<void> {
  while (!isOver || sent < made) {
    const events = await store.readAlarms('platform', sent, 50).catch(() => []);
    for (const { number } of events) say(`sent ${number}`);
    sent = events.at(-1)?.number ?? sent;
    if (events.length > 0) await store.settleAlarms('platform', { sent, delivered: sent });
    await systemClock.sleep(20);
  }
}

const sending = send();
const commits: Promise<void>[] = [];
while (made < Number(last)) {
  made += 1;
  const event = rigEvent(made, store.id);
  const commit = store.commitAlarms([event], [rigStateAfter(event)]);
  commits.push(commit.then(() => void say(`stored ${event.number}`)));
  await systemClock.sleep(50);
}
isOver = true;
await sending;
await Promise.all(commits);
clearInterval(ticking);
say(`late ${Math.round(longestMs)}`);
await store.close();
