import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitUntil } from './wait-until.ts';

/** A message as mosquitto_sub printed it. */
export interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly isRetained: boolean;
}

export interface Subscriber {
  readonly received: readonly Received[];
  /** Waits until so many messages have come; throws with what came when they do not. */
  waitFor(count: number): Promise<readonly Received[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SubscriberOptions {
  readonly port: number;
  readonly topic: string;
  /** With a client id the broker keeps the session while the subscriber, or the broker itself, is away. */
  readonly clientId?: string;
  /** More arguments for mosquitto_sub. */
  readonly args?: readonly string[];
}

/** Starts the real mosquitto_sub with MQTT 5 and QoS 1, and waits until it is subscribed. It reconnects by itself. */
export async function startSubscriber(options: SubscriberOptions): Promise<Subscriber> {
  const session = options.clientId === undefined ? [] : ['-i', options.clientId, '-c', '-x', '3600'];
  const child = spawn(
    // It ends with the test that started it. Into a pipe it would print only when a few kilobytes have gathered.
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'stdbuf', '-oL', 'mosquitto_sub'],
      ...['-h', '127.0.0.1', '-p', `${options.port}`, '-V', '5', '-q', '1', '-t', options.topic],
      ...['-d', '-F', '%j', ...session, ...(options.args ?? [])],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const received: Received[] = [];
  let said = '';
  let rest = '';
  const take = (text: string) => {
    said += text;
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{')) received.push(parseMessage(line));
    }
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await waitUntil(
    () => /^Subscribed/m.test(said),
    () => `mosquitto_sub is not subscribed:\n${said}`,
  );
  return {
    received,
    async waitFor(count) {
      await waitUntil(
        () => received.length >= count,
        () => `${received.length} of ${count} messages came`,
      );
      return received;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function parseMessage(line: string): Received {
  const message = JSON.parse(line) as { topic: string; payload: string; qos: number; retain: number };
  return { topic: message.topic, payload: message.payload, qos: message.qos, isRetained: message.retain === 1 };
}
