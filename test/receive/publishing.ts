import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** One alarm event as a gateway sends it, as far as a receiver looks at it. */
export function alarmMessage(id: string, gateway = 'tower-a'): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: `plantroom/${gateway}`,
    type: 'plantroom.alarm.raised',
    subject: 'booster/pressure-low',
    time: '2026-05-12T06:00:01.000Z',
    data: { number: Number(id.split('-').at(-1)), alarm: 'booster/pressure-low', message: 'Pressure is low' },
  });
}

/** `a`, 3, 5 → messages of a-3, a-4, a-5. */
export function alarmMessages(store: string, from: number, to: number, gateway = 'tower-a'): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => alarmMessage(`${store}-${from + index}`, gateway));
}

export function summaryBatch(ids: readonly string[], gateway = 'tower-a'): string {
  const summaries = ids.map(id => ({ id, device: 'feeder', windowEnd: '2026-05-12T06:01:00.000Z', points: [] }));
  return JSON.stringify({
    specversion: '1.0',
    id: `batch-${ids[0]}`,
    source: `plantroom/${gateway}`,
    type: 'plantroom.summaries',
    time: '2026-05-12T06:01:00.000Z',
    data: { span: '1min', historical: false, summaries },
  });
}

/** Publishes with the real mosquitto_pub, MQTT 5, QoS 1, one message a line; resolves when the broker has all. */
export async function publish(port: number, topic: string, messages: readonly string[]): Promise<void> {
  const child = spawn('mosquitto_pub', ['-h', '127.0.0.1', '-p', `${port}`, '-V', '5', '-q', '1', '-t', topic, '-l'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text;
  });
  const exited = once(child, 'exit');
  child.stdin.end(`${messages.join('\n')}\n`);
  const [code] = await exited;
  if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}: ${said}`);
}
