import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import type { TlsSettings } from '../model/site.ts';

/** The contents of the PEM files. */
export interface TlsFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Reads the PEM files at the time they are needed, so that a renewed certificate is used by the next connection.
 * @throws PlantroomError that names the file, when one cannot be read or holds something else
 */
export async function readTlsFiles(tls: TlsSettings | undefined): Promise<TlsFiles> {
  const [ca, cert, key] = await Promise.all([
    readPem('ca', tls?.ca, text => new X509Certificate(text)),
    readPem('cert', tls?.cert, text => new X509Certificate(text)),
    readPem('key', tls?.key, text => createPrivateKey(text)),
  ]);
  try {
    createSecureContext({ ca, cert, key });
  } catch (thrown) {
    throw new PlantroomError(`the TLS files do not fit together (${messageOf(thrown)})`, {
      kind: 'site',
      hint: 'uplink.tls.key must be the key of the certificate in uplink.tls.cert',
    });
  }
  return { ca, cert, key };
}

async function readPem(
  setting: keyof TlsSettings,
  path: string | undefined,
  parse: (text: string) => unknown,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    throw new PlantroomError(`the file ${path} of uplink.tls.${setting} cannot be read (${codeOf(thrown) ?? '?'})`, {
      kind: 'site',
      hint: 'check the path and that the gateway may read it',
      cause: thrown,
    });
  }
  try {
    parse(text);
  } catch (thrown) {
    throw new PlantroomError(
      `the file ${path} of uplink.tls.${setting} holds no usable PEM ${setting === 'key' ? 'key' : 'certificate'}`,
      { kind: 'site', hint: 'it must be PEM text, and a key must have no passphrase', cause: thrown },
    );
  }
  return text;
}
