import { PlantroomError } from '../base/errors.ts';
import { describePin, type PinAddress } from '../model/output.ts';

/** A GPIO chip as /sys/class/gpio/gpiochip* shows it. Its lines are numbered from `base` up, and the base is no constant. */
export interface GpioChip {
  readonly label: string;
  readonly base: number;
  readonly lines: number;
}

/**
 * The chips whose lines are the pins of the header: Raspberry Pi 1 to 3 and Zero, 4, 5. Their base was 0 before the
 * kernel 6.6 of the maker, 512 with it, and on the 5 first 399, then 571.
 */
const headerChips: readonly string[] = ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1'];

/** The number under which sysfs knows a pin. Throws a PlantroomError when there is none, or more than one. */
export function findLine(chips: readonly GpioChip[], pin: PinAddress): number {
  const fitting = chips.filter(({ label }) => (pin.kind === 'bcm' ? headerChips.includes(label) : label === pin.chip));
  const [chip, second] = fitting;
  const labels = chips.map(({ label }) => label).join(', ') || 'none';
  const refuse = (message: string, hint: string) => new PlantroomError(message, { kind: 'not-found', hint });
  if (!chip) {
    const what = pin.kind === 'bcm' ? 'this is no Raspberry Pi' : `there is no GPIO chip ${pin.chip}`;
    throw refuse(`no pin ${describePin(pin)}: ${what}`, `name a pin by chip and line; the chips here are ${labels}`);
  }
  if (second) {
    throw refuse(
      `${describePin(pin)} is not clear: ${fitting.length} chips are called ${chip.label}`,
      'use a chip whose label is the only one of its kind',
    );
  }
  if (pin.line >= chip.lines) {
    throw refuse(
      `no pin ${describePin(pin)}: the chip has ${chip.lines} lines`,
      `lines are counted from 0 to ${chip.lines - 1}`,
    );
  }
  return chip.base + pin.line;
}
