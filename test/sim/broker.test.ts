import { execFile } from 'node:child_process';
import { createConnection } from 'node:net';
import { promisify } from 'node:util';
import { connect, connectAsync, type IClientOptions, type MqttClient, type Packet } from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { type Broker, openBroker } from '../../src/sim/broker.ts';

interface Heard {
  readonly topic: string;
  readonly text: string;
}

const opened: { broker?: Broker; clients: MqttClient[] } = { clients: [] };

afterEach(async () => {
  for (const client of opened.clients.splice(0)) client.end(true);
  await opened.broker?.close();
});

async function startBroker(): Promise<{ broker: Broker; heard: Heard[] }> {
  const heard: Heard[] = [];
  const onMessage = (topic: string, payload: Buffer) => heard.push({ topic, text: payload.toString() });
  opened.broker = await openBroker({ host: '127.0.0.1', port: 0, onMessage });
  return { broker: opened.broker, heard };
}

async function connectTo(broker: Broker, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
    protocolVersion: 5,
    reconnectPeriod: 0,
    ...options,
  });
  opened.clients.push(client);
  return client;
}

function nextMessage(client: MqttClient): Promise<Heard & { readonly retain: boolean }> {
  return new Promise(resolve =>
    client.once('message', (topic, payload, packet) =>
      resolve({ topic, text: payload.toString(), retain: packet.retain }),
    ),
  );
}

test('an MQTT 5 client connects, gets a name if it has none, and is told what the broker cannot do', async () => {
  const { broker } = await startBroker();
  const options = { protocolVersion: 5, clientId: '', clean: true, reconnectPeriod: 0 } as const;
  const client = connect(`mqtt://127.0.0.1:${broker.port}`, options);
  opened.clients.push(client);
  const connack = await new Promise(resolve => client.once('connect', resolve));
  expect(connack).toMatchObject({
    reasonCode: 0,
    properties: {
      assignedClientIdentifier: expect.stringMatching(/^[a-z2-9]{12}$/),
      maximumPacketSize: 1_048_576,
      sharedSubscriptionAvailable: false,
    },
  });
});

test('a publish of quality of service 1 reaches the platform and is acknowledged with a reason code below 0x80', async () => {
  const { broker, heard } = await startBroker();
  const client = await connectTo(broker);
  const received: Packet[] = [];
  client.on('packetreceive', packet => received.push(packet));
  await client.publishAsync('plantroom/demo/alarm', '{"a":1}', {
    qos: 1,
    properties: { contentType: 'application/cloudevents+json', userProperties: { a: 'b' } },
  });
  expect(received).toMatchObject([{ cmd: 'puback', reasonCode: 0 }]);
  expect(heard).toEqual([{ topic: 'plantroom/demo/alarm', text: '{"a":1}' }]);
});

test('quality of service 2 completes', async () => {
  const { broker, heard } = await startBroker();
  const client = await connectTo(broker);
  await client.publishAsync('plantroom/x', 'once', { qos: 2 });
  expect(heard).toEqual([{ topic: 'plantroom/x', text: 'once' }]);
});

test('a retained status is given to whoever subscribes later', async () => {
  const { broker } = await startBroker();
  const gateway = await connectTo(broker);
  await gateway.publishAsync('plantroom/demo/status', 'online', { qos: 1, retain: true });
  const platform = await connectTo(broker);
  const message = nextMessage(platform);
  await platform.subscribeAsync('plantroom/+/status', { qos: 1 });
  expect(await message).toEqual({ topic: 'plantroom/demo/status', text: 'online', retain: true });
  await platform.unsubscribeAsync(['plantroom/+/status', 'plantroom/other']);
});

test('the will of a gateway that vanishes is published, of one that leaves it is not', async () => {
  const { broker, heard } = await startBroker();
  const will = { topic: 'plantroom/demo/status', payload: Buffer.from('lost'), qos: 1, retain: true } as const;
  const leaving = await connectTo(broker, { clientId: 'leaving', will: { ...will, topic: 'plantroom/left' } });
  await leaving.endAsync();
  const vanishing = await connectTo(broker, { clientId: 'vanishing', will });
  vanishing.stream.destroy();
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual([{ topic: 'plantroom/demo/status', text: 'lost' }]);
});

test('a disconnect that asks for the will gets it', async () => {
  const { broker, heard } = await startBroker();
  const client = await connectTo(broker, { will: { topic: 'w', payload: Buffer.from('will'), qos: 0, retain: false } });
  await client.endAsync(false, { reasonCode: 4 });
  await expect.poll(() => heard, { timeout: 10_000 }).toEqual([{ topic: 'w', text: 'will' }]);
});

test('a session that outlives its connection keeps the messages for its subscriber', async () => {
  const { broker } = await startBroker();
  const session = { clientId: 'platform', clean: false, properties: { sessionExpiryInterval: 3_600 } };
  const before = await connectTo(broker, session);
  await before.subscribeAsync('a', { qos: 1 });
  await before.endAsync();
  const gateway = await connectTo(broker);
  await gateway.publishAsync('a', 'while you were away', { qos: 1 });
  const after = connectTo(broker, session);
  expect(await nextMessage(await after)).toMatchObject({ topic: 'a', text: 'while you were away' });
});

test('a megabyte goes through whole', async () => {
  const { broker, heard } = await startBroker();
  const client = await connectTo(broker);
  const text = 'x'.repeat(1_000_000);
  await client.publishAsync('big', text, { qos: 1 });
  expect(heard[0]?.text.length).toBe(text.length);
});

test.each(['mqttv5', 'mqttv311'])('mosquitto speaks %s with it', async version => {
  const { broker, heard } = await startBroker();
  const publish = ['-h', '127.0.0.1', '-p', String(broker.port), '-V', version, '-q', '1', '-t', 'a/b', '-m', 'hello'];
  await promisify(execFile)('mosquitto_pub', publish);
  expect(heard).toEqual([{ topic: 'a/b', text: 'hello' }]);
});

test.each([
  ['noise', Buffer.alloc(2_000, 0xff)],
  ['a request for a web page', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a publish before the connect', Buffer.from('3005000161' + '6869', 'hex')],
])('%s ends that connection and no other', async (_, bytes) => {
  const { broker, heard } = await startBroker();
  const client = await connectTo(broker);
  const stranger = createConnection({ host: '127.0.0.1', port: broker.port });
  stranger.on('error', () => {});
  const closed = new Promise(resolve => stranger.once('close', resolve));
  stranger.write(bytes);
  await closed;
  await client.publishAsync('a', 'still here', { qos: 1 });
  expect(heard).toEqual([{ topic: 'a', text: 'still here' }]);
});

test('a port that is taken is named, with what it was for', async () => {
  const { broker } = await startBroker();
  await expect(openBroker({ host: '127.0.0.1', port: broker.port, onMessage() {} })).rejects.toMatchObject({
    kind: 'busy',
    message: `port ${broker.port} on 127.0.0.1, needed for the embedded MQTT broker, is already in use`,
  });
});
