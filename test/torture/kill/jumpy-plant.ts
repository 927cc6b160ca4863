import type { Random } from '../../../src/base/random.ts';
import { type RegisterSlave, startRegisterSlave } from '../../fakes/register-slave.ts';

/** Four sumps whose twenty-four floats go up and down all the time: some hundred alarm events a second. */
export interface JumpyPlant extends AsyncDisposable {
  /** Resolves with the next request that a gateway makes. */
  asked(): Promise<void>;
  start(): void;
  /** Nothing moves any more. */
  stop(): void;
  /** How many floats are up. */
  standing(): number;
  site(brokerPort: number): string;
}

const sumps = 4;
const floats = 6;
/** Each time one float of each sump moves. */
const jumpMs = 25;

export async function startJumpyPlant(random: Random): Promise<JumpyPlant> {
  let onAsked: (() => void)[] = [];
  const slaves: RegisterSlave[] = [];
  for (let sump = 0; sump < sumps; sump += 1) {
    const slave = await startRegisterSlave(0, () => {
      for (const tell of onAsked) tell();
      onAsked = [];
    });
    slaves.push(slave);
  }
  const up = new Set<number>();
  let timer: NodeJS.Timeout | undefined;

  function jump(): void {
    for (const [sump, slave] of slaves.entries()) {
      const float = Math.floor(random.next() * floats);
      const key = sump * floats + float;
      const isUp = !up.delete(key);
      if (isUp) up.add(key);
      slave.set(float, isUp ? 1 : 0);
    }
  }

  return {
    asked: () => new Promise(resolve => onAsked.push(resolve)),
    start() {
      timer = setInterval(jump, jumpMs);
    },
    stop: () => clearInterval(timer),
    standing: () => up.size,
    site: brokerPort => site(slaves, brokerPort),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      for (const slave of slaves) await slave[Symbol.asyncDispose]();
    },
  };
}

function site(slaves: readonly RegisterSlave[], brokerPort: number): string {
  const list = Array.from({ length: floats }, (_, float) => float);
  return [
    'gateway: {id: g1, name: Torture}',
    `uplink: {url: "mqtt://127.0.0.1:${brokerPort}"}`,
    'buses:',
    ...slaves.map(({ port }, sump) => `  - {id: bus-${sump}, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}}`),
    'devices:',
    ...slaves.flatMap((_, sump) => [
      `  - id: sump-${sump}`,
      `    bus: bus-${sump}`,
      '    interval: 50ms',
      '    points:',
      ...list.map(
        float => `      - {id: float-${float}, holding-register: ${float}, type: u16, states: {0: down, 1: up}}`,
      ),
    ]),
    'alarms:',
    ...slaves.flatMap((_, sump) =>
      list.map(
        float =>
          `  - {id: flood-${sump}-${float}, point: sump-${sump}/float-${float}, state: up, priority: urgent, acknowledge: auto}`,
      ),
    ),
    '',
  ].join('\n');
}
