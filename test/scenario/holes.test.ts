import { expect, test } from 'vitest';
import { startDaemon } from '../fakes/daemon.ts';
import { encodeFrame, openScriptedSlave, type Script } from '../fakes/scripted-slave.ts';
import { waitUntil } from '../fakes/wait-until.ts';

test('a gateway that is killed and started again knows what its devices refuse, and forgets it when told', async () => {
  const slave = await openScriptedSlave();
  const lacksFive: Script = ({ transaction, unitId, functionCode, address, count }, good) => ({
    pieces: [address <= 5 && 5 < address + count ? encodeFrame(transaction, unitId, [functionCode | 0x80, 2]) : good],
  });
  slave.play(...Array.from({ length: 5_000 }, () => lacksFive));
  try {
    await using daemon = await startDaemon(`gateway: {id: t, name: T}
buses: [{id: line, protocol: modbus-tcp, host: 127.0.0.1, port: ${slave.port}}]
devices:
  - id: meter
    bus: line
    interval: 100ms
    points:
${Array.from({ length: 8 }, (_, index) => `      - {id: p${index}, holding-register: ${index}, type: u16}`).join('\n')}
`);
    await waitUntil(
      () => daemon.query("select count(*) from learned_read where body like '%hole%'") === '1',
      () => daemon.log(),
    );
    const [hole] = (await daemon.client.holes()).filter(({ kind }) => kind === 'hole');
    expect(hole).toMatchObject({ device: 'meter', table: 'holding-register', address: 5, points: ['meter/p5'] });

    await daemon.kill();
    const before = slave.requests.length;
    await daemon.start();
    await waitUntil(
      () => slave.requests.length >= before + 20,
      () => daemon.log(),
    );
    // The hole itself may be due again by now; the whole is not, as long as there is a hole in it.
    expect(slave.requests.slice(before).filter(({ count }) => count === 8)).toEqual([]);
    expect((await daemon.client.holes()).length).toBeGreaterThan(0);

    const forgotten = slave.requests.length;
    expect(await daemon.client.command({ kind: 'forget-holes', device: 'meter' })).toMatchObject({ kind: 'done' });
    expect(await daemon.client.command({ kind: 'forget-holes', device: 'metre' })).toMatchObject({ kind: 'refused' });
    await waitUntil(
      () => slave.requests.slice(forgotten).some(({ count }) => count === 8),
      () => daemon.log(),
    );
  } finally {
    await slave.close();
  }
});
