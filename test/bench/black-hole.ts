import { createServer } from 'node:net';

/*
 * Ports of this machine behind which a connection can be asked for, and nothing ever comes of it, as behind a firewall: they
 * listen with the shortest queue, and this process never takes anything out of it. Once others have filled it, the kernel
 * drops what else comes.
 */

const [firstPort = 0, ports = 0] = process.argv.slice(2).map(Number);

for (let index = 0; index < ports; index += 1) {
  const server = createServer();
  await new Promise<void>(resolve =>
    server.listen({ port: firstPort + index, host: '127.0.0.1', backlog: 1 }, () => resolve()),
  );
}
process.stdout.write('{"ready":true}\n');
// Not even the event loop may go on: it would accept. The line above has to be out first.
setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
