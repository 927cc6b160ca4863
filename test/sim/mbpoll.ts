import { execFile } from 'node:child_process';

/** Reads with mbpoll, a Modbus master that nobody here wrote. Values as it prints them; its words when it fails. */
export function mbpoll(
  port: number,
  type: string,
  reference: number,
  count: number,
  more: readonly string[] = [],
): Promise<{ readonly values: readonly string[]; readonly text: string }> {
  const args = ['-m', 'tcp', '-0', '-1', '-p', String(port), '-t', type, '-r', String(reference), '-c', String(count)];
  return new Promise(resolve => {
    execFile('mbpoll', [...args, ...more, '127.0.0.1'], { timeout: 20_000 }, (_error, stdout, stderr) => {
      const values = [...stdout.matchAll(/^\[\d+\]:\s+(\S+)/gm)].map(match => match[1] ?? '');
      resolve({ values, text: stdout + stderr });
    });
  });
}
