import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificates {
  readonly folder: string;
  /** The authority that signed all certificates but `strangerCa`. */
  readonly ca: string;
  /** An authority that signed none of them. */
  readonly strangerCa: string;
  /** For 127.0.0.1 and localhost. */
  readonly server: Pair;
  /** For another host. */
  readonly otherHost: Pair;
  /** For 127.0.0.1, but its time was over in 2021. */
  readonly expired: Pair;
  readonly client: Pair;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** Makes an authority and certificates with openssl, in a folder of their own. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'plantroom-tls-'));
  const ca = await makeAuthority(folder, 'ca');
  const stranger = await makeAuthority(folder, 'stranger');
  const here = 'IP:127.0.0.1,DNS:localhost';
  return {
    folder,
    ca: ca.cert,
    strangerCa: stranger.cert,
    server: await sign(folder, ca, 'server', here),
    otherHost: await sign(folder, ca, 'other-host', 'DNS:broker.example'),
    expired: await sign(folder, ca, 'expired', here, ['-startdate', '20200101000000Z', '-enddate', '20210101000000Z']),
    client: await sign(folder, ca, 'client', 'DNS:pump-room-1'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

const keyOptions = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

async function makeAuthority(folder: string, name: string): Promise<Pair> {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const subject = ['-subj', `/CN=plantroom test ${name}`, '-days', '3650'];
  await run('openssl', ['req', '-x509', ...keyOptions, ...subject, '-keyout', pair.key, '-out', pair.cert]);
  return pair;
}

async function sign(folder: string, ca: Pair, name: string, names: string, dates: string[] = []): Promise<Pair> {
  const path = (extension: string) => join(folder, `${name}.${extension}`);
  const subject = ['-subj', `/CN=${name}`];
  await run('openssl', ['req', ...keyOptions, ...subject, '-keyout', path('key'), '-out', path('csr')]);
  // Only `openssl ca` can make a certificate whose time is already over.
  const config = `[ca]
default_ca = authority
[authority]
new_certs_dir = ${folder}
database = ${path('index')}
rand_serial = yes
default_md = sha256
default_days = 3650
policy = any
x509_extensions = extensions
[any]
commonName = supplied
[extensions]
subjectAltName = ${names}
`;
  await writeFile(path('index'), '');
  await writeFile(path('cnf'), config);
  const files = ['-config', path('cnf'), '-cert', ca.cert, '-keyfile', ca.key, '-in', path('csr'), '-out', path('pem')];
  await run('openssl', ['ca', '-batch', '-notext', ...files, ...dates]);
  return { cert: path('pem'), key: path('key') };
}
