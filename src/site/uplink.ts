import { parseDuration } from '../base/duration.ts';
import type { GatewaySettings, Secret, TlsSettings, UplinkSettings } from '../model/site.ts';
import type { Build } from './build.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { descend, placeOfValue, shorten, type Tree } from './tree.ts';

export function buildGateway(siteTree: Tree, build: Build): GatewaySettings | undefined {
  const tree = descend(siteTree, ['gateway']);
  const raw = tree && readShape('gateway', '"gateway"', tree, build.problems)?.raw;
  return raw && { id: raw.id, name: raw.name ?? raw.id };
}

/** Undefined when the site has no uplink, and when it is wrong. */
export function buildUplink(siteTree: Tree, gatewayId: string, build: Build): UplinkSettings | undefined {
  const tree = descend(siteTree, ['uplink']);
  const raw = tree && readShape('uplink', '"uplink"', tree, build.problems)?.raw;
  if (!tree || !raw) return undefined;
  const url = checkUrl(raw.url, tree, build);
  const password = raw.password && buildSecret(raw.password, tree, build);
  const tls = raw.tls && buildTls(raw.tls, tree, url, build);
  if (!url) return undefined;
  if (password && url.protocol === 'mqtt:' && !isLoopback(url.hostname)) {
    const message = `the password goes to ${url.hostname} in clear text`;
    build.problems.warn(placeOfValue(tree, 'url'), message, 'use mqtts:// when the broker speaks TLS');
  }
  return {
    url: raw.url,
    clientId: raw['client-id'] ?? `plantroom-${gatewayId}`,
    username: raw.username,
    password,
    topicPrefix: raw['topic-prefix'] ?? 'plantroom',
    keepaliveMs: parseDuration(raw.keepalive ?? '15s') ?? 0,
    tls,
  };
}

function checkUrl(written: string, tree: Tree, build: Build): URL | undefined {
  const place = placeOfValue(tree, 'url');
  const hint = 'write mqtts://HOST:PORT with TLS, or mqtt://HOST:PORT without';
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url && (url.username !== '' || url.password !== '')) {
    // The place is shown without its text: it holds a password.
    const login = 'use the keys username and password';
    build.problems.error({ ...place, text: '' }, 'a name or password may not stand in the url', login);
    return undefined;
  }
  if (!url || url.hostname === '') {
    build.problems.error(place, `"${shorten(written)}" is not the address of a broker`, hint);
  } else if (url.protocol !== 'mqtt:' && url.protocol !== 'mqtts:') {
    build.problems.error(place, `"${url.protocol}//" is not spoken here`, hint);
  } else if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') {
    build.problems.error(place, `"${shorten(written)}" goes on behind the port`, hint);
  } else {
    return url;
  }
  return undefined;
}

function buildSecret(raw: NonNullable<Raw<'uplink'>['password']>, tree: Tree, build: Build): Secret | undefined {
  if (raw.file !== undefined && raw.env === undefined) return { kind: 'file', path: build.resolvePath(raw.file) };
  if (raw.env !== undefined && raw.file === undefined) return { kind: 'env', name: raw.env };
  const message =
    raw.file === undefined ? 'the password is nowhere' : 'the password is in two places: "file" and "env"';
  build.problems.error(placeOfValue(tree, 'password'), message, 'write {file: PATH} or {env: NAME}');
  return undefined;
}

function buildTls(raw: NonNullable<Raw<'uplink'>['tls']>, tree: Tree, url: URL | undefined, build: Build): TlsSettings {
  if (url?.protocol === 'mqtt:') {
    const hint = 'write mqtts:// in the url, or remove tls';
    build.problems.error(placeOfValue(tree, 'tls'), '"tls" has no meaning for mqtt://', hint);
  }
  if ((raw.cert === undefined) !== (raw.key === undefined)) {
    const [given, missing] = raw.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    build.problems.error(
      placeOfValue(tree, 'tls', given),
      `"${given}" is given without "${missing}"`,
      `add ${missing}: PATH`,
    );
  }
  const resolve = (path: string | undefined) => (path === undefined ? undefined : build.resolvePath(path));
  return { ca: resolve(raw.ca), cert: resolve(raw.cert), key: resolve(raw.key) };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}
