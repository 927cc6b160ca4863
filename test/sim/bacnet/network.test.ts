import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { apduOf, deviceAt, frame, openWire, patience, settleWire, startRig, usualObjects } from './rig.ts';

const read = '0275 07 0c 0c 00000001 1955';
const good = '30070c0c0000000119553e4441ac00003f';
const iAm = (instance: number) => `1000c4${(0x02000000 + instance).toString(16).padStart(8, '0')}2205c491002203e7`;

const device = (instance: number, host: string, more = {}) => ({ instance, host, objects: usualObjects(), ...more });

describe('a router', () => {
  async function start() {
    const port = 47_851;
    const { network } = await startRig({
      port,
      devices: [
        device(1, '127.0.0.2'),
        device(2, '127.0.0.2', { behind: { network: 5, mac: '0c' } }),
        device(3, '127.0.0.2', { behind: { network: 5, mac: '0d' } }),
        device(4, '127.0.0.2', { behind: { network: 6, mac: '010203040506' } }),
      ],
    });
    const wire = await openWire();
    return { network, wire, send: (hex: string) => wire.send(hex, { host: '127.0.0.2', port }) };
  }

  test('passes a request on to the device, whose answer says where it is', async () => {
    const { network, wire, send } = await start();
    send(frame(read, '0124 0005 01 0d ff'));
    expect(await wire.next()).toBe(`810a001b01080005010d${good}`);
    send(frame(read, '0124 0006 06 010203040506 ff'));
    expect(await wire.next()).toBe(`810a00200108000606010203040506${good}`);
    expect(network.devices.map(({ requests }) => requests)).toEqual([0, 0, 1, 1]);
  });

  test('answers for itself where no network is named', async () => {
    const { wire, send } = await start();
    send(frame(read));
    expect(apduOf(await wire.next())).toBe(good);
  });

  test('hands a broadcast to one network or to all', async () => {
    const { wire, send } = await start();
    send(frame('1008', '0120 0005 00 ff'));
    await expect.poll(() => wire.heard.length, patience).toBe(2);
    expect(wire.heard.map(({ hex }) => hex.slice(8, 20))).toEqual(['01080005010c', '01080005010d']);
    send(frame('1008', '0120 ffff 00 ff'));
    await expect.poll(() => wire.heard.length, patience).toBe(6);
  });

  test('answers a client behind another router there', async () => {
    const { wire, send } = await start();
    // DNET 5, from network 9.
    send(frame(read, '012c 0005 01 0d 0009 02 aabb ff'));
    expect(await wire.next()).toBe(`810a00210128000902aabb0005010dff${good}`);
  });

  test('tells its networks, and refuses one that it does not know', async () => {
    const { wire, send } = await start();
    send('810a0007018000');
    expect(await wire.next()).toBe('810a000b01800100050006');
    send('810a00090180000006');
    expect(await wire.next()).toBe('810a00090180010006');
    send(frame(read, '0124 0007 01 0d ff'));
    expect(await wire.next()).toBe('810a000a018003010007');
  });

  test('says nothing for a device that is not there, or of a network that was not asked for', async () => {
    const { wire, send } = await start();
    send(frame(read, '0124 0005 01 0e ff'));
    send('810a00090180000007');
    send(frame(read));
    expect(apduOf(await wire.next())).toBe(good);
    await settleWire();
    expect(wire.heard.length).toBe(1);
  });
});

describe('a Who-Is', () => {
  test.each([
    ['nobody in particular', '1008', [10, 20, 300]],
    ['a range', '1008 090a 1914', [10, 20]],
    ['one', '1008 0a012c 1a012c', [300]],
    ['those between them', '1008 090b 1913', []],
    ['half a range', '1008 0914', []],
  ])('for %s is answered by those that are meant', async (_, whoIs, instances) => {
    const port = 47_852;
    await startRig({
      port,
      broadcast: '127.255.255.255',
      devices: [device(10, '127.0.0.2'), device(20, '127.0.0.3'), device(300, '127.0.0.4')],
    });
    const wire = await openWire();
    const npdu = frame(whoIs, '0100').replace(/^810a/, '810b');
    wire.send(npdu, { host: '127.255.255.255', port });
    await expect.poll(() => wire.heard.length, patience).toBe(instances.length);
    await settleWire();
    expect(wire.apdus().toSorted()).toEqual(instances.map(iAm));
  });

  test('is answered by a broadcast by a device that is made so', async () => {
    const port = 47_853;
    const { network } = await startRig({
      port,
      broadcast: '127.255.255.255',
      devices: [device(10, '127.0.0.2', { iAm: 'broadcast', maxApdu: 480, segmentation: 'none', vendorId: 7 })],
    });
    const everybody = await openWire('127.255.255.255', port);
    const wire = await openWire();
    wire.send(frame('1008', '0100'), deviceAt(network, 0).address);
    await expect
      .poll(() => everybody.heard.map(({ hex }) => hex), patience)
      .toEqual(['810b00180120ffff00ff1000c40200000a2201e091032107']);
    expect(wire.heard).toEqual([]);
  });
});

describe('a BBMD', () => {
  const port = 47_854;
  const bbmdAddress = { host: '127.0.0.9', port };

  async function start() {
    const clock = new VirtualClock();
    const { network } = await startRig({ clock, port, bbmds: [bbmdAddress], devices: [device(10, '127.0.0.2')] });
    const wire = await openWire();
    const [bbmd] = network.bbmds;
    if (!bbmd) throw new Error('no BBMD');
    const register = async (ttlS: number) => {
      wire.send(`81050006${ttlS.toString(16).padStart(4, '0')}`, bbmdAddress);
      return wire.next();
    };
    return { clock, wire, bbmd, register, network };
  }

  test('takes a client, lets everybody hear its broadcast, and devices answer the client itself', async () => {
    const { wire, register } = await start();
    expect(await register(60)).toBe('810000060000');
    wire.send('8109000801001008', bbmdAddress);
    expect(apduOf(await wire.next())).toBe(iAm(10));
    expect(wire.heard.at(-1)?.from).toBe(`127.0.0.2:${port}`);
  });

  test('hands broadcasts of the network on to its clients, with the address of the one who sent it', async () => {
    const clock = new VirtualClock();
    const { network } = await startRig({
      clock,
      port: port + 1,
      broadcast: '127.255.255.255',
      bbmds: [{ host: '127.0.0.9' }],
      devices: [device(10, '127.0.0.2', { iAm: 'broadcast' })],
    });
    const client = await openWire();
    client.send('81050006003c', { host: '127.0.0.9', port: port + 1 });
    await client.next();
    const wire = await openWire();
    wire.send(frame('1008', '0100'), deviceAt(network, 0).address);
    expect(await client.next()).toBe(`8104001f7f000002${(port + 1).toString(16)}0120ffff00ff${iAm(10)}`);
    // A broadcast of a stranger as well, and the answer of the device to it.
    const origin = wire.port.toString(16).padStart(4, '0');
    wire.send('810b000801001008', { host: '127.255.255.255', port: port + 1 });
    await expect
      .poll(() => client.heard.map(({ hex }) => hex), patience)
      .toContain(`8104000e7f000001${origin}01001008`);
  });

  test('keeps a client for its time and 30 s of grace', async () => {
    const { clock, wire, bbmd, register } = await start();
    await register(60);
    await clock.advance(89_000);
    expect(bbmd.registered().length).toBe(1);
    wire.send('81060004', bbmdAddress);
    expect(await wire.next()).toBe(`8107000e7f000001${wire.port.toString(16).padStart(4, '0')}003c0001`);
    await clock.advance(1_000);
    expect(bbmd.registered()).toEqual([]);
    wire.send('8109000801001008', bbmdAddress);
    expect(await wire.next()).toBe('810000060060');
  });

  test('renews, refuses and forgets', async () => {
    const { clock, bbmd, register } = await start();
    await register(60);
    await clock.advance(60_000);
    await register(60);
    await clock.advance(80_000);
    expect(bbmd.registered().length).toBe(1);
    bbmd.setRefusing(true);
    expect(await register(60)).toBe('810000060030');
    bbmd.setRefusing(false);
    bbmd.forget();
    expect(bbmd.registered()).toEqual([]);
    expect(await register(60)).toBe('810000060000');
  });

  test('is not every device: others refuse to register', async () => {
    const { wire, network } = await start();
    wire.send('81050006003c', deviceAt(network, 0).address);
    expect(await wire.next()).toBe('810000060030');
  });
});

describe('what is no BACnet', () => {
  test.each([
    ['another protocol', '820a000801001008'],
    ['a length that lies', '810a000901001008'],
    ['a header alone', '810a'],
    ['another version', '810a000802001008'],
    ['an address that is cut off', '810a00080120ffff'],
    ['an APDU of nothing', '810a00060100'],
    ['a confirmed request of two bytes', '810a000801040275'],
  ])('%s is passed over', async (_, hex) => {
    const { network } = await startRig({ devices: [device(10, '127.0.0.2')] });
    const wire = await openWire();
    const { address } = deviceAt(network, 0);
    wire.send(hex, address);
    wire.send(frame(read), address);
    expect(apduOf(await wire.next())).toBe(good);
    await settleWire();
    expect(wire.heard.length).toBe(1);
  });

  test('ten thousand random datagrams do no harm', async () => {
    const { network } = await startRig({ devices: [device(10, '127.0.0.2')] });
    const wire = await openWire();
    const { address } = deviceAt(network, 0);
    let state = 7;
    const byte = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 16) & 0xff;
    };
    for (let count = 0; count < 10_000; count += 1) {
      const body = Buffer.from(Array.from({ length: byte() % 40 }, byte));
      const head = Buffer.from([0x81, count % 2 === 0 ? 10 : byte() % 13, 0, body.length + 4]);
      if (body.length > 1 && byte() < 200) body.set([1, byte() & 0x2c]);
      wire.send(Buffer.concat([head, body]).toString('hex'), address);
      if (count % 50 === 0) await settleWire();
    }
    wire.send(frame(read), address);
    await expect.poll(() => wire.apdus().at(-1), patience).toBe(good);
  });
});
