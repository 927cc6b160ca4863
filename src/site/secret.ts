import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, PlantroomError } from '../base/errors.ts';
import type { Secret } from '../model/site.ts';

/** Where secrets are read from. Tests bring their own. */
export interface SecretSources {
  /** The text of a file and its permission bits. */
  readFile(path: string): { readonly text: string; readonly mode: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes the text of a warning. Neither warnings nor errors ever hold the secret. */
  warn(message: string): void;
}

const maxSecretBytes = 4_096;

/**
 * The secret itself, without the line end that editors add. Throws a PlantroomError of kind `site` that names the file or
 * the variable, never what is in it.
 */
export function readSecret(secret: Secret, sources: SecretSources): string {
  if (secret.kind === 'env') {
    const value = sources.env[secret.name];
    if (value) return value;
    throw new PlantroomError(`the environment variable ${secret.name} is ${value === '' ? 'empty' : 'not set'}`, {
      kind: 'site',
      hint: 'set it where plantroom is started, for example in an EnvironmentFile of the systemd unit',
    });
  }
  const path = secret.kind === 'file' ? secret.path : credentialPath(secret.name, sources);
  const { text, mode } = readSecretFile(path, sources);
  const value = text.replace(/\r?\n$/, '');
  if (value === '' || value.includes('\n') || Buffer.byteLength(value) > maxSecretBytes) {
    const fault = value === '' ? 'is empty' : `holds more than one line of ${maxSecretBytes} bytes`;
    throw new PlantroomError(`the secret file ${path} ${fault}`, {
      kind: 'site',
      hint: 'write the secret into it, and nothing else',
    });
  }
  // systemd lets the service alone into the folder of its credentials, whatever the bits of the files say.
  if (secret.kind === 'file' && (mode & 0o077) !== 0) {
    sources.warn(`the secret file ${path} can be read by others: chmod 600 it`);
  }
  return value;
}

function credentialPath(name: string, sources: SecretSources): string {
  const folder = sources.env.CREDENTIALS_DIRECTORY;
  if (folder) return join(folder, name);
  throw new PlantroomError(`there is no credential ${name}: systemd has handed none to this process`, {
    kind: 'site',
    hint: `write LoadCredential=${name}:PATH into the unit of the service and start it with systemctl`,
  });
}

/** The real files and environment. */
export function systemSecretSources(warn: (message: string) => void): SecretSources {
  return {
    readFile: path => {
      const stat = statSync(path);
      const { mode, size } = stat;
      // Reading a pipe, a device or a disk image may never end.
      if (!stat.isDirectory() && (!stat.isFile() || size > maxSecretBytes + 2)) throw new RangeError(`${size} bytes`);
      return { text: readFileSync(path, 'utf8'), mode };
    },
    env: process.env,
    warn,
  };
}

function readSecretFile(path: string, sources: SecretSources): { text: string; mode: number } {
  try {
    return sources.readFile(path);
  } catch (thrown) {
    const reasons: Record<string, string> = {
      ENOENT: 'does not exist',
      EACCES: 'may not be read by us',
      EISDIR: 'is a folder',
    };
    const reason =
      thrown instanceof RangeError
        ? 'is too long, or no ordinary file'
        : (reasons[codeOf(thrown) ?? ''] ?? `cannot be read (${codeOf(thrown)})`);
    throw new PlantroomError(`the secret file ${path} ${reason}`, {
      kind: 'site',
      hint: 'it belongs to the user that runs plantroom, with mode 600, and holds nothing but the secret',
    });
  }
}
