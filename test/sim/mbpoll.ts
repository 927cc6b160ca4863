import { execFile } from 'node:child_process';

interface Poll {
  /** As it prints them. */
  readonly values: readonly string[];
  /** Its words, when it fails. */
  readonly text: string;
}

/** Reads with mbpoll, a Modbus master that nobody here wrote, over Modbus TCP. */
export function mbpoll(
  port: number,
  type: string,
  reference: number,
  count: number,
  more: readonly string[] = [],
): Promise<Poll> {
  return run(['-m', 'tcp', '-p', String(port)], type, reference, count, [...more, '127.0.0.1']);
}

/** The same over a serial port, with 9,600 baud and even parity. */
export function mbpollSerial(
  path: string,
  type: string,
  reference: number,
  count: number,
  more: readonly string[] = [],
): Promise<Poll> {
  return run(['-m', 'rtu', '-b', '9600', '-P', 'even'], type, reference, count, [...more, path]);
}

function run(
  link: readonly string[],
  type: string,
  reference: number,
  count: number,
  more: readonly string[],
): Promise<Poll> {
  const args = [...link, '-0', '-1', '-t', type, '-r', String(reference), '-c', String(count)];
  return new Promise(resolve => {
    execFile('mbpoll', [...args, ...more], { timeout: 20_000 }, (_error, stdout, stderr) => {
      const values = [...stdout.matchAll(/^\[\d+\]:\s+(\S+)/gm)].map(match => match[1] ?? '');
      resolve({ values, text: stdout + stderr });
    });
  });
}
