import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Mosquitto, startMosquitto } from '../../fakes/mosquitto.ts';
import { startSubscriber } from '../../fakes/mosquitto-sub.ts';
import type { Arrived } from './ledger.ts';

/**
 * Mosquitto that is killed and comes back, and a platform that subscribes to it, of which this much is certain: an alarm
 * that mosquitto has acknowledged to the gateway reaches the platform. What is missing there was lost by the gateway.
 *
 * By itself mosquitto promises no such thing: what it holds for a subscriber is in its memory, whatever the QoS. So it must
 * never hold anything when it is killed. The platform's session is written to the disk before the first kill, so that
 * mosquitto keeps messages for it from its first moment. It subscribes with QoS 0, because then mosquitto writes a message
 * into the platform's socket before it acknowledges it to the gateway, has nothing to wait for, and the kernel delivers
 * what is in the socket after the kill. And the kill waits until a message of ours has come through: what mosquitto kept
 * while the platform was away has then been handed over.
 */
export interface MortalBroker extends AsyncDisposable {
  readonly port: number;
  /** Alarm events in the order in which they came. */
  arrived(): readonly Arrived[];
  /** Everything that was acknowledged before has arrived when it resolves. */
  handOver(): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

const topic = 'plantroom/+/alarm';

interface Told {
  readonly id: string;
  readonly data: { readonly number: number };
}

export async function startMortalBroker(): Promise<MortalBroker> {
  const broker = await startMosquitto({ config: ['queue_qos0_messages true'] });
  const platform = await startSubscriber({ port: broker.port, topic, clientId: 'platform', args: ['-q', '0'] });
  await broker.save();
  const isMark = (payload: string) => payload.startsWith('mark ');
  let marks = 0;
  let searched = 0;

  async function handOver(): Promise<void> {
    marks += 1;
    const mark = `mark ${marks}`;
    for (let attempt = 0; attempt < 100; attempt += 1) {
      // While the broker is away it cannot be published; the next attempt will.
      await publish(broker, mark).catch(() => {});
      for (let wait = 0; wait < 40; wait += 1) {
        const at = platform.received.findIndex(({ payload }, index) => index >= searched && payload === mark);
        if (at >= 0) {
          searched = at;
          return;
        }
        await pause(50);
      }
    }
    throw new Error('the platform does not come back to the broker');
  }

  return {
    port: broker.port,
    arrived: () =>
      platform.received
        .filter(({ payload }) => !isMark(payload))
        .map(({ payload }) => JSON.parse(payload) as Told)
        .map(({ id, data }) => ({ id, number: data.number })),
    handOver,
    async kill() {
      await handOver();
      await broker.kill();
    },
    restart: () => broker.restart(),
    async [Symbol.asyncDispose]() {
      await platform[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

async function publish(broker: Mosquitto, mark: string): Promise<void> {
  const args = ['-h', '127.0.0.1', '-p', `${broker.port}`, '-q', '1', '-t', 'plantroom/torture/alarm', '-m', mark];
  await promisify(execFile)('mosquitto_pub', args);
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
