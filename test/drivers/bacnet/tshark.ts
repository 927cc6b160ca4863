import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * Wireshark's decoder for BACnet, which nobody here has a part in: what does it make of our bytes?
 */

export interface Dissection {
  /** What tshark calls malformed, or has a complaint about; empty when all is well. */
  readonly complaints: string;
  /** One line of its summary. */
  readonly info: string;
  /** The whole tree as text. */
  readonly tree: string;
}

/** Dissects datagrams as if they had been sent to port 47808. */
export function dissect(datagrams: readonly Uint8Array[]): Dissection[] {
  const folder = mkdtempSync(join(tmpdir(), 'plantroom-tshark-'));
  try {
    const dump = join(folder, 'frames.txt');
    const capture = join(folder, 'frames.pcap');
    writeFileSync(dump, datagrams.map(hexDump).join(''));
    execFileSync('text2pcap', ['-q', '-u', '47808,47808', dump, capture], { stdio: 'ignore' });
    const fields = ['_ws.col.Info', '_ws.malformed', '_ws.expert.message'].flatMap(field => ['-e', field]);
    const lines = run(['-r', capture, '-T', 'fields', ...fields])
      .split('\n')
      .slice(0, datagrams.length);
    const trees = run(['-r', capture, '-V'])
      .split(/^(?=Frame \d+:)/m)
      .filter(tree => tree.startsWith('Frame'));
    return lines.map((line, index) => {
      const [info = '', malformed = '', expert = ''] = line.split('\t');
      return { info, complaints: `${malformed}${expert}`, tree: trees[index] ?? '' };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(args: readonly string[]): string {
  return execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** What text2pcap reads: each datagram begins at offset 0. */
function hexDump(bytes: Uint8Array): string {
  const pairs = Array.from(bytes, byte => byte.toString(16).padStart(2, '0'));
  const lines: string[] = [];
  for (let at = 0; at < pairs.length; at += 16) {
    lines.push(`${at.toString(16).padStart(6, '0')} ${pairs.slice(at, at + 16).join(' ')}\n`);
  }
  return `${lines.join('')}\n`;
}
