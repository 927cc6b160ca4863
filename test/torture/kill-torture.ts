import { type Random, seededRandom } from '../../src/base/random.ts';
import { floodAlarm } from '../../src/model/alarm.ts';
import { type Daemon, startDaemon } from '../fakes/daemon.ts';
import { type JumpyPlant, startJumpyPlant } from './kill/jumpy-plant.ts';
import { judgeLedger, type Stored } from './kill/ledger.ts';
import { type MortalBroker, startMortalBroker } from './kill/mortal-broker.ts';
import type { TortureOptions, Verdict } from './main.ts';

/*
 * kill -9 of the real gateway under a flood of alarms, and, in its own time, of the broker it sends them to. After each
 * kill the sqlite3 shell tells what had been committed; at the end all of it must be stored and have arrived at
 * mosquitto_sub: each number once, in order, repetitions under the same id. One run is one kill of the gateway.
 */

/** From the first poll of a gateway to its end: at first nothing is committed, then hundreds of events are under way. */
const longestLifeMs = 400;
/** The longest that a gateway is let start before it is killed at that; one in ten is. */
const longestStartMs = 1_000;
const startKills = 0.1;
const drainAttempts = 1_200;

export async function torture({ runs = 1_000, seed, say }: TortureOptions): Promise<Verdict> {
  const random = seededRandom(seed);
  await using broker = await startMortalBroker();
  await using plant = await startJumpyPlant(seededRandom(seed + 1));
  await using daemon = await startDaemon(plant.site(broker.port));
  plant.start();
  let isOver = false;
  const mortality = killBroker(broker, seededRandom(seed + 2), () => isOver);
  const accepted = new Map<number, string>();
  for (let kill = 1; kill <= runs; kill += 1) {
    await live(plant, random);
    await daemon.kill();
    for (const { number, id } of storedAfter(daemon, accepted.size)) accepted.set(number, id);
    daemon.launch();
    if (kill % 10 === 0) say(`killed ${kill} of ${runs} times, ${accepted.size} events accepted`);
  }
  isOver = true;
  const brokerKills = await mortality;
  plant.stop();
  await drain(daemon, plant);
  await broker.handOver();
  const stored = storedAfter(daemon, 0);
  const { arrived, duplicates, violations } = judgeLedger(broker.arrived(), stored, accepted);
  // A flood of alarms is one of its own.
  const standing = Number(daemon.query(`select count(*) from alarm_state where alarm <> '${floodAlarm}'`));
  return {
    counts: {
      'kills of the gateway': runs,
      'kills of the broker': brokerKills,
      'events stored': stored.length,
      'events seen committed after a kill': accepted.size,
      'events arrived': arrived,
      duplicates,
    },
    violations:
      standing === plant.standing() ? violations : [...violations, `${standing} alarms stand, not ${plant.standing()}`],
  };
}

/** Until the gateway has polled for a while; now and then not even until it polls. */
async function live(plant: JumpyPlant, random: Random): Promise<void> {
  if (random.next() < startKills) await Promise.race([plant.asked(), pause(random.next() * longestStartMs)]);
  else await plant.asked();
  await pause(random.next() * longestLifeMs);
}

/** Kills the broker every few seconds and leaves it dead for a while. Returns how often. */
async function killBroker(broker: MortalBroker, random: Random, isOver: () => boolean): Promise<number> {
  let kills = 0;
  while (!isOver()) {
    await pause(500 + random.next() * 5_000);
    await broker.kill();
    kills += 1;
    await pause(random.next() * 1_500);
    await broker.restart();
  }
  return kills;
}

/** What is in the database, as the sqlite3 shell sees it. */
function storedAfter(daemon: Daemon, number: number): readonly Stored[] {
  const rows = daemon.query(`select number || ' ' || id from alarm_log where number > ${number} order by number`);
  return rows.split('\n').flatMap(row => {
    const [, found, id] = /^(\d+) (\S+)$/.exec(row) ?? [];
    return found === undefined || id === undefined ? [] : [{ number: Number(found), id }];
  });
}

/** The plant stands still: waits until everything it did is committed and sent. */
async function drain(daemon: Daemon, plant: JumpyPlant): Promise<void> {
  for (let attempt = 0; attempt < drainAttempts; attempt += 1) {
    const uplinks = await daemon.client
      .status()
      .then(({ uplinks }) => uplinks)
      .catch(() => []);
    const { standing } = await daemon.client.alarms(1).catch(() => ({ standing: [] }));
    const floats = standing.filter(({ alarm }) => alarm !== floodAlarm);
    if (uplinks[0]?.backlogAlarms === 0 && floats.length === plant.standing()) return;
    await pause(100);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
