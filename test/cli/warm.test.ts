import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { startDaemon } from '../fakes/daemon.ts';
import { startMosquitto } from '../fakes/mosquitto.ts';
import { waitUntil } from '../fakes/wait-until.ts';
import { makeFolder, remove } from './terminal.ts';

const root = join(import.meta.dirname, '..', '..');

/** What Node says of a source whose types it has to strip itself, which takes 15 MB in each thread and keeps them. */
const stripped = /for StrippedTypeScript \S*\/(\w\S*)\.\.\. no such file/g;

test('a daemon finds the code of all its threads in the cache that the installation has warmed', async () => {
  await using broker = await startMosquitto();
  const cache = makeFolder('warm');
  const install = pathToFileURL(join(root, 'scripts/install.mjs'));
  const warm = `import { warmCompileCache } from ${JSON.stringify(install)}; warmCompileCache(${JSON.stringify(cache)});`;
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', warm]).status).toBe(0);
  const env = { NODE_COMPILE_CACHE: cache, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
  const site = `gateway: {id: g1, name: Test}
uplinks:
  - {id: platform, url: "mqtt://127.0.0.1:${broker.port}", summaries: 1min}
  - {id: sparkplug, format: sparkplug-b, url: "mqtt://127.0.0.1:${broker.port}", sparkplug: {group-id: test}}
buses: [{id: bus, protocol: modbus-tcp, host: 127.0.0.1, port: 9}]
devices: [{id: meter, bus: bus, points: [{id: level, holding-register: 0, type: u16}]}]
`;
  await using daemon = await startDaemon(site, {}, () => env);
  // The last thing that a thread or an uplink loads.
  for (const last of ['store/history/uplinks.ts', 'store/store-file.ts', 'uplink/sparkplug/format.ts'])
    await waitUntil(() => daemon.log().includes(last), daemon.log);
  await daemon.stop();
  expect([...daemon.log().matchAll(stripped)].map(([, source]) => source)).toEqual([]);
  remove(cache);
});
