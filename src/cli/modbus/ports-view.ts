import { renderLine } from '../render/line.ts';
import type { Style } from '../render/style.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import { escapeText } from '../render/text.ts';
import { rightsHint } from './port-guard.ts';
import type { Holder } from './port-holder.ts';
import type { SerialPortView } from './serial-ports.ts';

/** A serial port, and who uses it. */
export interface PortView extends SerialPortView {
  /** The bus of the running daemon's site that uses it. */
  readonly bus: string | null;
  /** Another program that has it open, where we may see that. */
  readonly heldBy: Holder | null;
}

export interface InterfaceView {
  readonly name: string;
  readonly mac: string;
  /** With the length of the net mask: 192.168.1.5/24 */
  readonly addresses: readonly string[];
}

/** Longer than this, an adapter keeps the end of an answer back for a noticeable part of a poll. */
const goodLatencyMs = 1;

const interfaceColumns: readonly Column[] = [
  { title: 'INTERFACE' },
  { title: 'ADDRESS', minWidth: 12 },
  { title: 'MAC' },
];

/** A port's path stands on a line of its own and is never cut: it is there to be copied. */
export function renderPorts(
  serial: readonly PortView[],
  network: readonly InterfaceView[],
  width: number | undefined,
  style: Style,
): string[] {
  const ports = serial.flatMap(port => renderPort(port, width, style));
  const rows = network.flatMap(({ name, mac, addresses }) =>
    addresses.map((address, index) => (index === 0 ? [name, address, mac] : ['', address, ''])),
  );
  return [
    ...(ports.length > 0 ? ports : ['No serial port. Plug the adapter in, and look again.']),
    '',
    ...(rows.length > 0 ? renderTable(interfaceColumns, rows, width, style) : ['No network interface has an address.']),
  ];
}

function renderPort(port: PortView, width: number | undefined, style: Style): string[] {
  const inner = width === undefined ? undefined : width - 2;
  const facts: Cell[] = [
    ...(port.kernelPath === port.path ? [] : [port.kernelPath]),
    ...nonEmpty([port.vendor, port.product].filter(text => text !== null).join(' ')),
    ...nonEmpty([port.driver, port.usbId].filter(text => text !== null).join(' ')),
    ...(port.serialNumber === null ? [] : [`serial number ${port.serialNumber}`]),
  ];
  const lines = [facts, stateOf(port, style)].filter(cells => cells.length > 0);
  return [
    style.title(escapeText(port.path)),
    ...lines.map(cells => `  ${renderLine(cells, inner)}`),
    ...adviceFor(port).map(advice => `  ${style.warning('!')} ${escapeText(advice)}`),
  ];
}

function stateOf({ bus, heldBy, mayOpen }: PortView, style: Style): Cell[] {
  if (bus !== null) return [{ text: `used by the daemon as bus ${bus}`, paint: style.accent }];
  if (heldBy) return [{ text: `held by ${heldBy.name} (process ${heldBy.pid})`, paint: style.warning }];
  return [mayOpen ? { text: 'free', paint: style.good } : { text: 'you may not open it', paint: style.bad }];
}

/** What a technician should do before using the port. */
export function adviceFor({ kernelPath, path, mayOpen, group, latencyMs, bus }: PortView): string[] {
  const name = kernelPath.replace('/dev/', '');
  return [
    ...(mayOpen || bus !== null ? [] : [`to open it: ${rightsHint(group)}`]),
    ...(latencyMs === null || latencyMs <= goodLatencyMs
      ? []
      : [
          `the adapter keeps bytes back for ${latencyMs} ms, at every answer: echo 1 | sudo tee /sys/bus/usb-serial/devices/${name}/latency_timer`,
        ]),
    ...(path === kernelPath && name.startsWith('ttyUSB')
      ? ['this name may change when the adapter is plugged in anew']
      : []),
  ];
}

function nonEmpty(text: string): string[] {
  return text === '' ? [] : [text];
}
