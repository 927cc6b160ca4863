import { expect, test } from 'vitest';
import type { Identified } from '../../../src/cli/bacnet/identify.ts';
import type { ObjectRow } from '../../../src/cli/bacnet/object-list.ts';
import { renderObjects } from '../../../src/cli/bacnet/objects-view.ts';
import { renderDevices } from '../../../src/cli/bacnet/scan-view.ts';
import { createStyle } from '../../../src/cli/render/style.ts';
import { widthOfText } from '../../../src/cli/render/text.ts';
import { bacnetBus } from '../../drivers/bacnet/driver-rig.ts';

const asker: Identified['asker'] = {
  bus: bacnetBus({ port: 47_808 }),
  isThroughDaemon: false,
  ask: async () => ({ kind: 'bacnet-devices', devices: [] }),
  close: async () => {},
};

function device(changes: Partial<Identified>): Identified {
  return {
    ...{ asker, instance: 1001, host: '10.0.0.5', port: 47_808, network: 0, mac: '', vendorId: 999, maxApdu: 1_476 },
    ...{ segmentation: 'both', isConflict: false, name: 'Chiller 1', vendor: 'Example Controls', model: 'CH-500' },
    failure: undefined,
    ...changes,
  };
}

const devices = [
  device({}),
  device({ instance: 1003, host: '10.0.0.7', name: '1号电梯', isConflict: true, maxApdu: 480, segmentation: 'none' }),
  device({ instance: 1003, host: '10.0.0.8', port: 47_809, name: 'Lift B', isConflict: true }),
  device({
    instance: 2001,
    host: '10.0.0.9',
    network: 200,
    mac: '0c',
    name: 'A very long name of a VAV box on level 12',
  }),
  device({ instance: 4_194_302, name: undefined, vendor: undefined, model: undefined, failure: 'no answer' }),
];
const known = [
  { id: 'chiller', name: 'Chiller', bus: 'net', bacnet: { instance: 1001, address: undefined, routed: undefined } },
];

const objects: ObjectRow[] = [
  [
    'analog-input',
    1,
    'Supply temperature of the secondary circuit',
    '6.900000095367432',
    'real',
    'degrees-celsius',
    '°C',
    [],
  ],
  ['analog-value', 3, 'Spread', '5.199999809265137', 'real', 'delta-degrees-kelvin', undefined, ['fault']],
  ['binary-input', 1, '运行', '1', 'enumerated', undefined, undefined, []],
].map(([type, instance, name, value, valueType, units, unit, flags]) => ({
  ...{ objectType: 0, type, instance, name, value, valueType, units, unit, flags, scale: undefined },
  description: 'Pump room, level B2, panel 4',
  states: type === 'binary-input' ? [[0, 'stopped'] as const, [1, 'running'] as const] : [],
})) as ObjectRow[];

test.each([
  ['devices', 80, (width: number) => renderDevices(devices, known, width, createStyle(false))],
  ['devices', 120, (width: number) => renderDevices(devices, known, width, createStyle(false))],
  ['objects', 80, (width: number) => renderObjects(objects, width, createStyle(false))],
] as const)('the table of %s fits %i columns', async (what, width, render) => {
  const lines = render(width);
  const table = lines.slice(0, lines.includes('') ? lines.indexOf('') : undefined);
  for (const line of table) expect(widthOfText(line), line).toBeLessThanOrEqual(width);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`../../fixtures/cli/bacnet-${what}-${width}.txt`);
});
