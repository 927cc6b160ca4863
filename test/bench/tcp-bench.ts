import { spawn } from 'node:child_process';
import { compilePrograms, type Programs } from './compile.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';
import { startScript, talkTo } from './process.ts';

/*
 * What a transaction over Modbus TCP costs: the same read again and again over one connection on loopback, against a slave
 * on a thread of libmodbus, one request at a time. In turns: our driver, modbus-serial as it comes, and as the floor
 * libmodbus in C. Every value is checked.
 */

const clients = ['plantroom', 'modbus-serial', 'libmodbus'] as const;
type Client = (typeof clients)[number];

interface Run {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly bad: number;
}

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  using programs = compilePrograms('identity-slave', 'libmodbus-client');
  const figures: Figure[] = [];
  for (const registers of [10, 100]) {
    const runs: Record<Client, Run[]> = { plantroom: [], 'modbus-serial': [], libmodbus: [] };
    const rounds = isQuick ? 1 : 4;
    for (let round = 1; round <= rounds; round += 1) {
      for (const client of clients) {
        say(`${registers} registers, round ${round} of ${rounds}: ${client}`);
        runs[client].push(await run(programs, client, registers, isQuick ? 1 : 5));
      }
    }
    figures.push(...figuresOf(registers, runs));
  }
  return figures;
}

function figuresOf(registers: number, runs: Readonly<Record<Client, readonly Run[]>>): Figure[] {
  const middle = (client: Client, pick: (run: Run) => number) => percentile(runs[client].map(pick), 50);
  const perSecond = (client: Client) => middle(client, run => run.perSecond);
  const cpuUs = (client: Client) => middle(client, run => run.cpuUs);
  const what = `${registers} registers`;
  return [
    figure(`${what}: libmodbus`, perSecond('libmodbus'), 'reads/s'),
    figure(`${what}: modbus-serial`, perSecond('modbus-serial'), 'reads/s'),
    figure(`${what}: plantroom`, perSecond('plantroom'), 'reads/s'),
    figure(`${what}: plantroom / modbus-serial`, perSecond('plantroom') / perSecond('modbus-serial'), '×', '>= 1'),
    figure(`${what}: CPU of libmodbus`, cpuUs('libmodbus'), 'µs/read'),
    figure(`${what}: CPU of modbus-serial`, cpuUs('modbus-serial'), 'µs/read'),
    figure(`${what}: CPU of plantroom`, cpuUs('plantroom'), 'µs/read'),
    figure(`${what}: CPU, plantroom / modbus-serial`, cpuUs('plantroom') / cpuUs('modbus-serial'), '×', '<= 1'),
    figure(
      `${what}: reads failed or wrong`,
      runs.plantroom.reduce((sum, { bad }) => sum + bad, 0),
      '',
      '= 0',
    ),
  ];
}

async function run(programs: Programs, client: Client, registers: number, seconds: number): Promise<Run> {
  const slave = talkTo(spawn(programs.path('identity-slave'), { stdio: ['pipe', 'pipe', 'inherit'] }));
  try {
    const { port } = await slave.next();
    const reader =
      client === 'libmodbus'
        ? talkTo(
            spawn(programs.path('libmodbus-client'), [String(port), String(registers), String(seconds)], {
              stdio: ['pipe', 'pipe', 'inherit'],
            }),
          )
        : startScript('test/bench/reading-client.ts', [
            ...['--client', client, '--endpoint', String(port)],
            ...['--registers', String(registers), '--seconds', String(seconds)],
          ]);
    await reader.next();
    const { reads, failed, wrong, elapsedMs, cpuMs } = await reader.next();
    return {
      perSecond: (1_000 * Number(reads)) / Number(elapsedMs),
      cpuUs: (1_000 * Number(cpuMs)) / Number(reads),
      bad: Number(failed) + Number(wrong),
    };
  } finally {
    await slave.stop();
  }
}
