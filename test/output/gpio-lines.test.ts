import { describe, expect, test } from 'vitest';
import { findLine, type GpioChip } from '../../src/output/gpio-lines.ts';

/** As the kernels of the maker show them. */
const pi3: GpioChip[] = [{ label: 'pinctrl-bcm2835', base: 0, lines: 54 }];
const pi4: GpioChip[] = [
  { label: 'pinctrl-bcm2711', base: 512, lines: 58 },
  { label: 'raspberrypi-exp-gpio', base: 570, lines: 8 },
];
const pi5: GpioChip[] = [
  { label: 'gpio-brcmstb@107d508500', base: 512, lines: 32 },
  { label: 'gpio-brcmstb@107d517c00', base: 544, lines: 17 },
  { label: 'pinctrl-rp1', base: 571, lines: 54 },
];

describe('BCM 17 is', () => {
  test.each([
    ['17 on a Pi 3 with an old kernel', pi3, 17],
    ['529 on a Pi 4 with kernel 6.6', pi4, 529],
    ['588 on a Pi 5', pi5, 588],
    ['416 on a Pi 5 with kernel 6.1', [{ label: 'pinctrl-rp1', base: 399, lines: 54 }], 416],
  ])('%s', (_, chips, line) => {
    expect(findLine(chips, { kind: 'bcm', line: 17 })).toBe(line);
  });
});

test('a line of any chip is found by the label of the chip', () => {
  expect(findLine(pi4, { kind: 'line', chip: 'raspberrypi-exp-gpio', line: 2 })).toBe(572);
});

test.each([
  ['no header', pi4.slice(1), { kind: 'bcm', line: 17 }, 'no pin BCM 17: this is no Raspberry Pi'],
  ['no such chip', pi4, { kind: 'line', chip: 'tca9534', line: 1 }, 'there is no GPIO chip tca9534'],
  ['no such line', pi4, { kind: 'line', chip: 'raspberrypi-exp-gpio', line: 8 }, 'the chip has 8 lines'],
  ['two expanders of one type', [...pi3, ...pi3], { kind: 'bcm', line: 1 }, '2 chips are called pinctrl-bcm2835'],
] as const)('%s is said clearly', (_, chips, pin, message) => {
  expect(() => findLine(chips, pin)).toThrow(message);
});
