import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { waitUntil } from '../../fakes/wait-until.ts';
import { type DecodedPayload, decodeByProtoc, encodeByProtoc } from './protoc.ts';

/** A message as mosquitto_sub saw it. */
export interface Heard {
  /** `DDATA pump` */
  readonly what: string;
  readonly topic: string;
  readonly qos: number;
  readonly isRetained: boolean;
  readonly payload: Buffer;
}

/**
 * What a host hears of one group, by mosquitto_sub, and says, by mosquitto_pub. Nothing of plantroom has a hand in it;
 * protoc reads the payloads.
 */
export class HostApplication {
  readonly heard: Heard[] = [];
  readonly #port: number;
  readonly #child;
  #said = '';

  private constructor(port: number) {
    this.#port = port;
    const topic = 'spBv1.0/towers/#';
    const format = '%t %q %r %x';
    this.#child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', 'stdbuf', '-oL', 'mosquitto_sub', '-h', '127.0.0.1', '-p', `${port}`],
        ...['-V', '5', '-q', '1', '-t', topic, '-d', '-F', format],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let rest = '';
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      const heard = lines.filter(line => line.startsWith('spBv1.0/')).map(parseLine);
      // Its own commands come back to it.
      this.heard.push(...heard.filter(({ what }) => what !== 'NCMD'));
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
  }

  static async start(port: number): Promise<HostApplication> {
    const host = new HostApplication(port);
    await waitUntil(
      () => /^Subscribed/m.test(host.#said),
      () => `mosquitto_sub is not subscribed:\n${host.#said}`,
    );
    return host;
  }

  get whats(): readonly string[] {
    return this.heard.map(({ what }) => what);
  }

  /** Waits until so many messages whose `what` begins like this have come, and returns them. */
  async waitFor(what: string, count = 1): Promise<readonly Heard[]> {
    const matching = () => this.heard.filter(one => one.what.startsWith(what));
    await waitUntil(
      () => matching().length >= count,
      () => `${matching().length} of ${count} ${what}: ${this.whats.join(', ')}`,
    );
    return matching();
  }

  /** Births or deaths of the host itself. */
  sayState(online: boolean, timestamp: number): void {
    publish(this.#port, 'spBv1.0/STATE/scada', Buffer.from(JSON.stringify({ online, timestamp })), true);
  }

  /** An NCMD, in protoc's text format. */
  command(text: string): void {
    publish(this.#port, 'spBv1.0/towers/NCMD/pump-room-1', encodeByProtoc(text), false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

export function decode(heard: Heard): DecodedPayload {
  return decodeByProtoc(heard.payload);
}

function publish(port: number, topic: string, payload: Buffer, isRetained: boolean): void {
  const retain = isRetained ? ['-r'] : [];
  const args = ['-h', '127.0.0.1', '-p', `${port}`, '-V', '5', '-q', '1', '-t', topic, '-s', ...retain];
  const { status, stderr } = spawnSync('mosquitto_pub', args, { input: payload });
  if (status !== 0) throw new Error(`mosquitto_pub: ${stderr}`);
}

function parseLine(line: string): Heard {
  const [topic = '', qos, retained, hex = ''] = line.split(' ');
  const [, , verb, , device] = topic.split('/');
  const what = device === undefined ? `${verb}` : `${verb} ${device}`;
  return { what, topic, qos: Number(qos), isRetained: retained === '1', payload: Buffer.from(hex, 'hex') };
}
