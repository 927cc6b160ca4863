import { parseDuration } from '../base/duration.ts';
import type { GatewaySettings, Secret, TlsSettings, UplinkSettings } from '../model/site.ts';
import type { Build } from './build.ts';
import type { Place } from './problem.ts';
import type { Raw } from './schema.ts';
import { readShape } from './shape.ts';
import { descend, itemsOf, placeOf, placeOfKey, placeOfValue, shorten, type Tree } from './tree.ts';

export function buildGateway(siteTree: Tree, build: Build): GatewaySettings | undefined {
  const tree = descend(siteTree, ['gateway']);
  const raw = tree && readShape('gateway', '"gateway"', tree, build.problems)?.raw;
  if (!raw) return undefined;
  const timeZone = raw['time-zone'];
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    const hint = 'write a name such as Asia/Shanghai or Europe/Berlin';
    build.problems.error(placeOfValue(tree, 'time-zone'), `"${timeZone}" is no time zone`, hint);
  }
  return {
    id: raw.id,
    name: raw.name ?? raw.id,
    language: build.language,
    ...(timeZone !== undefined && { timeZone }),
  };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Most uplinks of a site. Each has a connection, a window and a place in the outbox of its own. */
const mostUplinks = 4;

/** Id of the uplink of a site file that has one and does not name it. */
const onlyUplink = 'platform';

/** Without those that are wrong. */
export function buildUplinks(siteTree: Tree, gatewayId: string, build: Build): UplinkSettings[] {
  const only = descend(siteTree, ['uplink']);
  const several = itemsOf(siteTree, 'uplinks');
  if (only && several.length > 0) {
    const hint = 'put all of them into uplinks:, each with an id';
    build.problems.error(placeOfKey(siteTree, 'uplink'), '"uplink" and "uplinks" are both there', hint);
  }
  if (several.length > mostUplinks) {
    const message = `${several.length} uplinks; a site has at most ${mostUplinks}`;
    build.problems.error(placeOfKey(siteTree, 'uplinks'), message, 'send more platforms the same from a broker');
  }
  const built = new Map<string, UplinkSettings>();
  for (const tree of only ? [only] : several.slice(0, mostUplinks)) {
    const uplink = buildUplink(tree, gatewayId, tree !== only, build);
    if (uplink && built.has(uplink.id)) {
      build.problems.error(
        placeOfValue(tree, 'id'),
        `a second uplink "${uplink.id}"`,
        'give each uplink its own id: what waits is kept under it',
      );
    } else if (uplink) built.set(uplink.id, uplink);
  }
  return [...built.values()];
}

function buildUplink(tree: Tree, gatewayId: string, isOneOfSeveral: boolean, build: Build): UplinkSettings | undefined {
  const raw = readShape('uplink', isOneOfSeveral ? 'an uplink' : '"uplink"', tree, build.problems)?.raw;
  if (!raw) return undefined;
  const written = typeof raw.url === 'string' ? [raw.url] : raw.url;
  const urls = written.map((text, index) => checkUrl(text, placeOfUrl(tree, index), build));
  const password = raw.password && buildSecret(raw.password, tree, build);
  const tls = raw.tls && buildTls(raw.tls, tree, urls, build);
  if (!urls.every(url => url !== undefined)) return undefined;
  if (isOneOfSeveral && raw.id === undefined) {
    build.problems.error(placeOf(tree), 'an uplink beside others needs the key "id"', 'add id: with a name for it');
    return undefined;
  }
  for (const [index, url] of urls.entries()) {
    if (!password || url.protocol !== 'mqtt:' || isLoopback(url.hostname)) continue;
    const message = `the password goes to ${url.hostname} in clear text`;
    build.problems.warn(placeOfUrl(tree, index), message, 'use mqtts:// when the broker speaks TLS');
  }
  const format = raw.format ?? 'native';
  if (raw.sparkplug && format !== 'sparkplug-b') {
    const hint = 'write format: sparkplug-b, or remove sparkplug';
    build.problems.error(placeOfValue(tree, 'sparkplug'), '"sparkplug" has no meaning for the format native', hint);
  }
  const id = raw.id ?? onlyUplink;
  return {
    id,
    format,
    urls: written,
    clientId: raw['client-id'] ?? (id === onlyUplink ? `plantroom-${gatewayId}` : `plantroom-${gatewayId}-${id}`),
    username: raw.username,
    password,
    topicPrefix: raw['topic-prefix'] ?? 'plantroom',
    keepaliveMs: parseDuration(raw.keepalive ?? '12s') ?? 0,
    tls,
    confirm: raw.confirm ?? 'broker',
    summaries: raw.summaries === 'off' ? undefined : (raw.summaries ?? '1min'),
    backlogRate: parseBitRate(raw['backlog-rate'] ?? '2 Mbit/s'),
    commands: raw.commands ?? [],
    sparkplug:
      format === 'sparkplug-b'
        ? { groupId: raw.sparkplug?.['group-id'] ?? 'plantroom', primaryHost: raw.sparkplug?.['primary-host'] }
        : undefined,
  };
}

/** `32 kbit/s` → bits per second. */
function parseBitRate(written: string): number {
  const [amount = '', unit = ''] = written.split(' ');
  return Number(amount) * (unit === 'kbit/s' ? 1e3 : 1e6);
}

/** Of one url among several, or of the only one. */
function placeOfUrl(tree: Tree, index: number): Place {
  const item = descend(tree, ['url', index]);
  return item ? placeOf(item) : placeOfValue(tree, 'url');
}

function checkUrl(written: string, place: Place, build: Build): URL | undefined {
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
  const secrets: Secret[] = [];
  if (raw.file !== undefined) secrets.push({ kind: 'file', path: build.resolvePath(raw.file) });
  if (raw.env !== undefined) secrets.push({ kind: 'env', name: raw.env });
  if (raw.credential !== undefined) secrets.push({ kind: 'credential', name: raw.credential });
  const [secret] = secrets;
  if (secret && secrets.length === 1) return secret;
  const kinds = secrets.map(({ kind }) => `"${kind}"`);
  const message = secret
    ? `the password is in ${kinds.length === 2 ? 'two' : 'three'} places: ${kinds.join(' and ')}`
    : 'the password is nowhere';
  const hint = 'write {file: PATH}, {env: NAME} or {credential: NAME}';
  build.problems.error(placeOfValue(tree, 'password'), message, hint);
  return undefined;
}

function buildTls(
  raw: NonNullable<Raw<'uplink'>['tls']>,
  tree: Tree,
  urls: readonly (URL | undefined)[],
  build: Build,
): TlsSettings {
  if (urls.every(url => url?.protocol === 'mqtt:')) {
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
