import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Asks the system whether its clock was set by a time server; undefined when it cannot tell. Never rejects. */
export type TimeWitness = () => Promise<boolean | undefined>;

/** Made by systemd-timesyncd at the first synchronisation since the boot. */
const timesyncdMark = '/run/systemd/timesync/synchronized';

const answerTimeoutMs = 5_000;

/**
 * timedatectl tells what the kernel knows, whichever time daemon set it (chrony, ntpd, timesyncd). A system without it,
 * such as a container, cannot tell.
 */
export const systemTimeWitness: TimeWitness = async () => {
  if (existsSync(timesyncdMark)) return true;
  return new Promise(resolve => {
    const args = ['show', '--property=NTPSynchronized', '--value'];
    execFile('timedatectl', args, { timeout: answerTimeoutMs }, (error, answer) => {
      resolve(error ? undefined : readAnswer(answer));
    });
  });
};

function readAnswer(answer: string): boolean | undefined {
  const word = answer.trim();
  return word === 'yes' || word === 'no' ? word === 'yes' : undefined;
}
