import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addItems } from '../../src/site/site-edit.ts';

const item = { block: ['id: new', 'bus: plant'], flow: ['{ id: new, bus: plant }'] };
const add = (text: string) => addItems(text, 'devices', [item]);

describe('adding a device to a site file', () => {
  test.each<[string, string, string]>([
    [
      'a list of dashes, its comments and the rest of the file stay',
      'devices:\n  # ours\n  - id: a # the first\n    bus: plant\n    # its last remark\n\n# alarms of all\nalarms: []\n',
      'devices:\n  # ours\n  - id: a # the first\n    bus: plant\n    # its last remark\n  - id: new\n    bus: plant\n\n# alarms of all\nalarms: []\n',
    ],
    [
      'dashes at the margin',
      'devices:\n- id: a\nalarms: []\n',
      'devices:\n- id: a\n- id: new\n  bus: plant\nalarms: []\n',
    ],
    ['no newline at the end', 'devices:\n  - id: a', 'devices:\n  - id: a\n  - id: new\n    bus: plant\n'],
    ['no devices yet', 'gateway: {id: g}\n', 'gateway: {id: g}\n\ndevices:\n  - id: new\n    bus: plant\n'],
    ['an empty key', 'devices: # none\nalarms: []\n', 'devices: # none\n  - id: new\n    bus: plant\nalarms: []\n'],
    ['empty brackets', 'devices: [] # none\nx: 1\n', 'devices: # none\n  - id: new\n    bus: plant\nx: 1\n'],
    ['empty brackets and no remark', 'devices: []\nx: 1\n', 'devices:\n  - id: new\n    bus: plant\nx: 1\n'],
    [
      'empty brackets in a line of their own',
      'devices:\n  []\nx: 1\n',
      'devices:\n  - id: new\n    bus: plant\nx: 1\n',
    ],
    ['brackets', 'devices: [{id: a}]\nx: 1\n', 'devices: [{id: a},\n    { id: new, bus: plant }\n  ]\nx: 1\n'],
    [
      'brackets with a comma at the end',
      'devices: [\n  {id: a}, # one\n]\n',
      'devices: [\n  {id: a}, # one\n  { id: new, bus: plant },\n]\n',
    ],
    [
      'brackets without a comma at the end, and remarks',
      'devices: [\r\n  {id: a} # one\r\n  # no more\r\n]\r\n',
      'devices: [\r\n  {id: a}, # one\r\n  { id: new, bus: plant }\r\n  # no more\r\n]\r\n',
    ],
    [
      'brackets with the comma in the next line',
      'devices: [\n  {id: a} # one\n  , # two\n]\n',
      'devices: [\n  {id: a},\n    { id: new, bus: plant }\n  # one\n  , # two\n]\n',
    ],
    [
      'Windows',
      'devices:\r\n  - id: a\r\nx: 1\r\n',
      'devices:\r\n  - id: a\r\n  - id: new\r\n    bus: plant\r\nx: 1\r\n',
    ],
    ['a byte order mark', '\uFEFFdevices:\n  - id: a\n', '\uFEFFdevices:\n  - id: a\n  - id: new\n    bus: plant\n'],
    [
      'a text of several lines at the end',
      'devices:\n  - id: a\n    note: |\n      one\n      two\nx: 1\n',
      'devices:\n  - id: a\n    note: |\n      one\n      two\n  - id: new\n    bus: plant\nx: 1\n',
    ],
  ])('%s', (_, before, after) => {
    expect(add(before)).toBe(after);
  });

  test.each([
    ['an alias', 'a: &d [{id: a}]\ndevices: *d\n'],
    ['all in braces', '{devices: [{id: a}]}\n'],
    ['no YAML', 'devices: [\n'],
    ['a text in its place', 'devices: many\n'],
  ])('is left to a person where the file has %s', (_, text) => {
    expect(add(text)).toBeUndefined();
  });

  test('changes nothing but its place, whatever else is in the file', () => {
    const lines = fc.array(fc.constantFrom('', '  # remark', '  - id: a', '    bus: b', '    points: []', '# end'), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(lines, body => {
        const text = `x: 1\ndevices:\n${body.map(line => `${line}\n`).join('')}alarms: []\n`;
        const after = add(text);
        if (after === undefined) return;
        const added = '  - id: new\n    bus: plant\n';
        expect(after.split(added)).toHaveLength(2);
        expect(after.replace(added, '')).toBe(text);
      }),
    );
  });
});
