import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkPort, rightsHint } from '../../../src/cli/modbus/port-guard.ts';
import { findHolder } from '../../../src/cli/modbus/port-holder.ts';
import { adviceFor, renderPorts } from '../../../src/cli/modbus/ports-view.ts';
import { readSerialPorts } from '../../../src/cli/modbus/serial-ports.ts';
import { createStyle } from '../../../src/cli/render/style.ts';
import { waitUntil } from '../../fakes/wait-until.ts';
import { makeFolder, remove } from '../terminal.ts';

let root: string;

beforeEach(() => {
  root = makeFolder('ports');
});

afterEach(() => remove(root));

function write(path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text}\n`);
}

/** Links as udev and the kernel make them: relative. */
function link(path: string, target: string): void {
  const from = join(root, path);
  mkdirSync(dirname(from), { recursive: true });
  symlinkSync(relative(dirname(from), join(root, target)), from);
}

/** An FTDI adapter as Linux 6.1 shows it, with the names that udev gives. */
function plugAdapter(): void {
  const usb = 'sys/devices/pci0/usb1/1-2';
  write(`${usb}/idVendor`, '0403');
  write(`${usb}/idProduct`, '6001');
  write(`${usb}/manufacturer`, 'FTDI');
  write(`${usb}/product`, 'FT232R USB UART');
  write(`${usb}/serial`, 'A50285BI');
  write(`${usb}/1-2:1.0/ttyUSB0/latency_timer`, '16');
  mkdirSync(join(root, 'sys/bus/usb-serial/drivers/ftdi_sio'), { recursive: true });
  link(`${usb}/1-2:1.0/ttyUSB0/driver`, 'sys/bus/usb-serial/drivers/ftdi_sio');
  link('sys/class/tty/ttyUSB0/device', `${usb}/1-2:1.0/ttyUSB0`);
  write('dev/ttyUSB0', '');
  link('dev/serial/by-path/pci-0000:00-usb-0:2:1.0-port0', 'dev/ttyUSB0');
  link('dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0', 'dev/ttyUSB0');
}

/** A UART of the board; type 0 is one that the kernel has only left room for. */
function addUart(name: string, type: string): void {
  const device = `sys/devices/platform/serial8250/${name}`;
  mkdirSync(join(root, 'sys/bus/platform/drivers/serial8250'), { recursive: true });
  mkdirSync(join(root, device), { recursive: true });
  link(`${device}/driver`, 'sys/bus/platform/drivers/serial8250');
  link(`sys/class/tty/${name}/device`, device);
  write(`sys/class/tty/${name}/type`, type);
  write(`dev/${name}`, '');
}

describe('the serial ports of a machine', () => {
  test('are told by the name that stays, with maker and serial number', () => {
    plugAdapter();
    expect(readSerialPorts(root)).toMatchObject([
      {
        path: '/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0',
        kernelPath: '/dev/ttyUSB0',
        vendor: 'FTDI',
        product: 'FT232R USB UART',
        serialNumber: 'A50285BI',
        usbId: '0403:6001',
        driver: 'ftdi_sio',
        latencyMs: 16,
        mayOpen: true,
      },
    ]);
  });

  test('are those with hardware behind them: no empty UART, no terminal, no port without a file', () => {
    addUart('ttyS0', '0');
    addUart('ttyS1', '4');
    addUart('ttyS10', '4');
    addUart('ttyS2', '4');
    mkdirSync(join(root, 'sys/class/tty/tty1'), { recursive: true });
    mkdirSync(join(root, 'sys/class/tty/ptmx'), { recursive: true });
    link('sys/class/tty/ttyUSB9/device', 'sys/devices/platform/serial8250/ttyS1');
    const ports = readSerialPorts(root);
    expect(ports.map(({ path }) => path)).toEqual(['/dev/ttyS1', '/dev/ttyS2', '/dev/ttyS10']);
    expect(ports[0]).toMatchObject({ driver: 'serial8250', vendor: null, usbId: null, latencyMs: null });
  });

  test('are none on a machine that shows nothing', () => {
    expect(readSerialPorts(join(root, 'nowhere'))).toEqual([]);
  });

  test('come with advice: the latency timer, the rights, the name that changes', () => {
    plugAdapter();
    const [port] = readSerialPorts(root);
    if (!port) throw new Error('no port');
    const view = { ...port, bus: null, heldBy: null };
    expect(adviceFor(view)).toEqual([
      'the adapter keeps bytes back for 16 ms, at every answer: echo 1 | sudo tee /sys/bus/usb-serial/devices/ttyUSB0/latency_timer',
    ]);
    const poor = { ...view, path: '/dev/ttyUSB0', latencyMs: 1, mayOpen: false, group: 'uucp' };
    expect(adviceFor(poor)).toEqual([
      'to open it: sudo usermod -aG uucp $USER, then log out and in again',
      'this name may change when the adapter is plugged in anew',
    ]);
    expect(rightsHint(null)).toContain('-aG dialout $USER');
    expect(rightsHint('root')).not.toContain('usermod');
  });

  test('are drawn with the path uncut, whatever the width, and Chinese makers in line', () => {
    plugAdapter();
    const [port] = readSerialPorts(root);
    if (!port) throw new Error('no port');
    const held = { ...port, vendor: '沁恒', product: '串口', bus: null, heldBy: { pid: 4711, name: 'minicom' } };
    const owned = { ...port, bus: 'meters', heldBy: null, latencyMs: 1 };
    const network = [{ name: 'eth0', mac: '02:00:00:00:00:01', addresses: ['10.0.0.2/24', 'fd00::2/64'] }];
    expect(`${renderPorts([held, owned], network, 60, createStyle(false)).join('\n')}\n`).toMatchInlineSnapshot(`
      "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0
        /dev/ttyUSB0 · 沁恒 串口 · ftdi_sio 0403:6001 · serial nu…
        held by minicom (process 4711)
        ! the adapter keeps bytes back for 16 ms, at every answer: echo 1 | sudo tee /sys/bus/usb-serial/devices/ttyUSB0/latency_timer
      /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0
        /dev/ttyUSB0 · FTDI FT232R USB UART · ftdi_sio 0403:6001
        used by the daemon as bus meters

      INTERFACE  ADDRESS      MAC
      eth0       10.0.0.2/24  02:00:00:00:00:01
                 fd00::2/64
      "
    `);
    expect(renderPorts([], [], 60, createStyle(false))).toEqual([
      'No serial port. Plug the adapter in, and look again.',
      '',
      'No network interface has an address.',
    ]);
  });
});

describe('a port that another program has', () => {
  test('is told with the name of the program, and not opened', async () => {
    const file = join(root, 'port');
    writeFileSync(file, '');
    expect(findHolder(realpathSync(file))).toBeUndefined();
    checkPort(file);
    const holder = spawn('tail', ['-f', file], { stdio: 'ignore' });
    try {
      await waitUntil(
        () => findHolder(realpathSync(file)) !== undefined,
        () => 'tail does not open the file',
      );
      expect(findHolder(realpathSync(file))).toEqual({ pid: holder.pid, name: 'tail' });
      expect(() => checkPort(file)).toThrow(`${file} is held by tail (process ${holder.pid})`);
    } finally {
      const gone = once(holder, 'exit');
      holder.kill();
      await gone;
    }
  });

  test('that is not there is not opened either', () => {
    expect(() => checkPort(join(root, 'nowhere'))).toThrow('there is no port');
  });
});
