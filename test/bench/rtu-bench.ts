import { spawn } from 'node:child_process';
import { compilePrograms } from './compile.ts';
import { type BenchOptions, type Figure, figure, percentile } from './figures.ts';
import { type Child, startScript, talkTo } from './process.ts';

/*
 * How much of a serial line is used: reads in a row over a pty that is paced to 9600 baud by a slave in C, each byte in
 * its own time. The limit of a read of n registers is (8 + 5 + 2n) characters and two silences of 3.5 characters; whoever
 * is beyond 100 % breaks the silence. Beside it, in turns, modbus-serial as it comes.
 */

const baudRate = 9_600;
const bitsPerCharacter = 11;
const characterMs = (bitsPerCharacter * 1_000) / baudRate;

const clients = ['plantroom', 'modbus-serial'] as const;

interface Run {
  readonly share: number;
  readonly cpuMsPerRead: number;
  readonly short: number;
  readonly failed: number;
  readonly wrong: number;
}

export async function bench({ isQuick, say }: BenchOptions): Promise<readonly Figure[]> {
  using programs = compilePrograms('paced-slave');
  const figures: Figure[] = [];
  for (const { registers, share } of [
    { registers: 10, share: '>= 97' },
    { registers: 100, share: '>= 99' },
  ]) {
    const runs = { plantroom: [] as Run[], 'modbus-serial': [] as Run[] };
    const rounds = isQuick ? 1 : 3;
    for (let round = 1; round <= rounds; round += 1) {
      for (const client of clients) {
        say(`${registers} registers, round ${round} of ${rounds}: ${client}`);
        runs[client].push(await run(programs.path('paced-slave'), client, registers, isQuick ? 3 : 15));
      }
    }
    figures.push(...figuresOf(registers, share, runs));
  }
  return figures;
}

function figuresOf(registers: number, bar: string, runs: Readonly<Record<(typeof clients)[number], Run[]>>): Figure[] {
  const middle = (of: readonly Run[], pick: (run: Run) => number) => percentile(of.map(pick), 50);
  const sum = (of: readonly Run[], pick: (run: Run) => number) => of.reduce((total, one) => total + pick(one), 0);
  const { plantroom, 'modbus-serial': peer } = runs;
  const cpu = middle(plantroom, run => run.cpuMsPerRead);
  const cpuOfPeer = middle(peer, run => run.cpuMsPerRead);
  const what = `${registers} registers`;
  return [
    figure(
      `${what}: share of the limit`,
      middle(plantroom, run => run.share),
      '%',
      bar,
    ),
    figure(
      `${what}: requests inside 3.5 characters`,
      sum(plantroom, run => run.short),
      '',
      '= 0',
    ),
    figure(
      `${what}: reads failed or wrong`,
      sum(plantroom, run => run.failed + run.wrong),
      '',
      '= 0',
    ),
    figure(`${what}: CPU of a read`, cpu, 'ms'),
    figure(
      `${what}: modbus-serial, share of the limit`,
      middle(peer, run => run.share),
      '%',
    ),
    figure(
      `${what}: modbus-serial, requests inside 3.5`,
      sum(peer, run => run.short),
      '',
    ),
    figure(`${what}: modbus-serial, CPU of a read`, cpuOfPeer, 'ms'),
    figure(`${what}: CPU, plantroom / modbus-serial`, cpu / cpuOfPeer, '×', '<= 0.2'),
  ];
}

async function run(program: string, client: string, registers: number, seconds: number): Promise<Run> {
  const slave = talkTo(
    spawn(program, [String(baudRate), String(bitsPerCharacter)], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  try {
    const { path } = await slave.next();
    const reader = startScript('test/bench/reading-client.ts', [
      ...['--client', client, '--endpoint', String(path), '--registers', String(registers)],
      ...['--seconds', String(seconds)],
    ]);
    await reader.next();
    await ask(slave);
    const told = await reader.next();
    const seen = await ask(slave);
    const reads = Number(told.reads);
    const limitMs = (8 + 5 + 2 * registers + 7) * characterMs;
    return {
      share: (100 * reads * limitMs) / Number(told.elapsedMs),
      cpuMsPerRead: Number(told.cpuMs) / reads,
      short: Number(seen.short) + Number(seen.strange),
      failed: Number(told.failed),
      wrong: Number(told.wrong),
    };
  } finally {
    await slave.stop();
  }
}

function ask(slave: Child): Promise<Record<string, unknown>> {
  slave.send('');
  return slave.next();
}
