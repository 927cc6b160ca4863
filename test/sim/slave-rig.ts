import { seededRandom } from '../../src/base/random.ts';
import type { SerialLine } from '../../src/model/serial-line.ts';
import { createImage, writeRaw } from '../../src/sim/register-image.ts';
import { createSlaveEndpoint, type EndpointOptions } from '../../src/sim/slave-endpoint.ts';
import { createUnit, type Unit, type UnitOptions } from '../../src/sim/unit.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { samplePoint } from './sample-site.ts';

/** 9,600 baud and 11 bits: a character takes 1.1458 ms, the silence 4.0104 ms. */
export const line9600: SerialLine = { baudRate: 9_600, parity: 'even', stopBits: 1 };

/** A read of two holding registers of unit 1, and its right answer. */
export const readTwo = '01 03 0000 0002 c40b';
export const twoRegisters = '010304000100022a32';

export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** A unit whose holding register n holds n + 1, for the addresses 0 to 9, and whose coils 0 to 9 are on and off in turn. */
export function sampleUnit(unitId: number, more: Partial<UnitOptions> = {}): Unit {
  const registers = Array.from({ length: 10 }, (_, address) => samplePoint({ id: `r${address}`, address }));
  const coils = registers.map((_, address) => samplePoint({ id: `c${address}`, table: 'coil', type: 'bool', address }));
  const image = createImage([...registers, ...coils]);
  for (const [address, point] of registers.entries()) writeRaw(image, point, address + 1);
  for (const [address, point] of coils.entries()) writeRaw(image, point, address % 2);
  return createUnit({ unitId, image, ...more });
}

/** Slaves on a clock of the test, with all that came back and when. */
export function openRig(options: Partial<EndpointOptions> & { readonly seed?: number }) {
  const clock = new VirtualClock();
  const sent: { readonly atMono: number; readonly bytes: Buffer }[] = [];
  const closedAt: number[] = [];
  const endpoint = createSlaveEndpoint({
    framing: 'rtu',
    units: [sampleUnit(1), sampleUnit(2)],
    clock,
    random: seededRandom(options.seed ?? 1),
    send: bytes => sent.push({ atMono: clock.monoMs(), bytes: Buffer.from(bytes) }),
    close: () => closedAt.push(clock.monoMs()),
    ...options,
  });
  return {
    clock,
    endpoint,
    sent,
    closedAt,
    ask: (text: string) => endpoint.receive(hex(text)),
    answer: () => Buffer.concat(sent.map(({ bytes }) => bytes)).toString('hex'),
  };
}
