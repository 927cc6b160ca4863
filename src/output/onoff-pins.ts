import { access, constants, readdir, readFile, writeFile } from 'node:fs/promises';
import type { Gpio } from 'onoff';
import type { Clock } from '../base/clock.ts';
import { codeOf, messageOf, PlantroomError } from '../base/errors.ts';
import { describePin, type PinAddress } from '../model/output.ts';
import type { DigitalPin, OpenPin } from './digital-pin.ts';
import { findLine, type GpioChip } from './gpio-lines.ts';

/**
 * Pins through onoff and the kernel's /sys/class/gpio. The package is loaded when the first pin is opened: most gateways
 * have none, and its addon has to be compiled on the machine (docs/outputs.md).
 */

const sysfs = '/sys/class/gpio';

/** A pin that was just made belongs to root until udev has given it to its group. */
const patience = { longestMs: 2_000, everyMs: 20 } as const;

export function createOnoffPins(clock: Clock): OpenPin {
  return async (address, isHigh) => {
    const onoff = await loadOnoff();
    const line = findLine(await readChips(), address);
    try {
      await exportLine(line, clock);
      return takePin(onoff, line, isHigh);
    } catch (thrown) {
      throw explain(thrown, address);
    }
  };
}

async function loadOnoff(): Promise<typeof Gpio> {
  try {
    return (await import('onoff')).Gpio;
  } catch (thrown) {
    const isMissing = codeOf(thrown) === 'ERR_MODULE_NOT_FOUND';
    throw new PlantroomError(
      isMissing ? 'the package onoff is not installed' : 'the addon of the package onoff is not compiled for this Node',
      { kind: 'not-found', hint: 'run npm run setup -- --gpio in the folder of plantroom, and restart', cause: thrown },
    );
  }
}

async function readChips(): Promise<GpioChip[]> {
  const names = await readdir(sysfs).catch(thrown => {
    throw new PlantroomError(`there is no ${sysfs}`, {
      kind: 'not-found',
      hint: 'this machine has no GPIO, or its kernel was built without CONFIG_GPIO_SYSFS',
      cause: thrown,
    });
  });
  return Promise.all(names.filter(name => /^gpiochip\d+$/.test(name)).map(readChip));
}

async function readChip(name: string): Promise<GpioChip> {
  const read = async (file: string) => (await readFile(`${sysfs}/${name}/${file}`, 'utf8')).trim();
  const [label, base, lines] = await Promise.all([read('label'), read('base'), read('ngpio')]);
  return { label, base: Number(base), lines: Number(lines) };
}

/** Ahead of onoff, which would wait for the rights to the pin in a loop that holds up the whole process. */
async function exportLine(line: number, clock: Clock): Promise<void> {
  const folder = `${sysfs}/gpio${line}`;
  const isUsable = () => Promise.all(['direction', 'value'].map(file => mayWrite(`${folder}/${file}`)));
  if (!(await isThere(folder))) await writeFile(`${sysfs}/export`, String(line));
  const giveUpMono = clock.monoMs() + patience.longestMs;
  for (;;) {
    const failure = await isUsable().then(
      () => undefined,
      thrown => thrown,
    );
    if (failure === undefined) return;
    if (clock.monoMs() >= giveUpMono) throw failure;
    await clock.sleep(patience.everyMs);
  }
}

function mayWrite(path: string): Promise<void> {
  return access(path, constants.R_OK | constants.W_OK);
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Levels are electrical: which of them is "on" is not onoff's business. The direction `high` or `low` sets both at once. */
function takePin(onoff: typeof Gpio, line: number, isHigh: boolean): DigitalPin {
  const gpio = new onoff(line, isHigh ? 'high' : 'low', 'none', { activeLow: false });
  // It ignores a direction that could not be set when the pin was exported already.
  if (gpio.direction() === 'in') {
    gpio.unexport();
    throw new Error('the pin cannot be made an output');
  }
  return {
    read: async () => (await gpio.read()) === 1,
    write: level => gpio.write(level ? 1 : 0),
    async close() {
      try {
        gpio.unexport();
      } catch {
        // It was lost, which is why it is closed.
      }
    },
  };
}

function explain(thrown: unknown, address: PinAddress): PlantroomError {
  const code = codeOf(thrown);
  const hints: Readonly<Record<string, string>> = {
    EACCES: 'let the user of the gateway use GPIO: sudo usermod -aG gpio plantroom (docs/outputs.md)',
    EPERM: 'let the user of the gateway use GPIO: sudo usermod -aG gpio plantroom (docs/outputs.md)',
    EROFS: 'the service may not write to /sys: docs/outputs.md has the lines for its unit file',
    EBUSY: 'another program or a driver of the kernel has this pin: choose another, or end that program',
    EINVAL: 'the chip has no such line to give: choose another pin',
  };
  return new PlantroomError(`the pin ${describePin(address)} cannot be used: ${messageOf(thrown)}`, {
    kind: code === 'EBUSY' ? 'busy' : 'not-found',
    hint: hints[code ?? ''] ?? 'look at it with: ls -l /sys/class/gpio',
    cause: thrown,
  });
}
