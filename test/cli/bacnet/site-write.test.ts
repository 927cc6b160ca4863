import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderChange } from '../../../src/cli/bacnet/diff.ts';
import { readSiteText, replaceSite } from '../../../src/cli/bacnet/site-write.ts';
import { createProcessContext } from '../../../src/cli/context.ts';
import { createStyle } from '../../../src/cli/render/style.ts';
import { makeFolder, remove, root } from '../terminal.ts';

/* A site file is replaced whole, or not at all. */

const siteText = `gateway: {id: g1}
buses: [{id: b, protocol: modbus-tcp, host: 127.0.0.1}]
devices: [{id: d, bus: b, points: [{id: p, coil: 0}]}]
`;
const other = siteText.replace('id: g1', 'id: g2');

let folder: string;
let file: string;
const context = { ...createProcessContext(), err: process.stderr };
const read = () => readFileSync(file, 'utf8');
const drafts = () => readdirSync(folder).filter(name => name.endsWith('.new'));

beforeEach(() => {
  folder = makeFolder('site-write');
  file = join(folder, 'site.yaml');
  writeFileSync(file, siteText);
});

afterEach(() => remove(folder));

describe('replacing a site file', () => {
  test('is done when the new one is right and the person agrees', async () => {
    expect(await replaceSite(context, readSiteText(file), other, async () => true)).toBe(true);
    expect(read()).toBe(other);
    expect(drafts()).toEqual([]);
  });

  test('leaves it alone when the person does not agree', async () => {
    expect(await replaceSite(context, readSiteText(file), other, async () => false)).toBe(false);
    expect(read()).toBe(siteText);
    expect(drafts()).toEqual([]);
  });

  test('never overwrites what somebody else wrote meanwhile', async () => {
    const meanwhile = siteText.replace('id: g1', 'id: g3');
    const write = async () => {
      writeFileSync(file, meanwhile);
      return true;
    };
    await expect(replaceSite(context, readSiteText(file), other, write)).rejects.toMatchObject({ kind: 'busy' });
    expect(read()).toBe(meanwhile);
    expect(drafts()).toEqual([]);
  });

  test('follows a link, and leaves it a link', async () => {
    const link = join(folder, 'link.yaml');
    symlinkSync(file, link);
    expect(await replaceSite(context, readSiteText(link), other, async () => true)).toBe(true);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(read()).toBe(other);
  });

  test.runIf(process.getuid?.() === 0)(
    'leaves one alone that we may not write to, though the folder is ours',
    async () => {
      chmodSync(folder, 0o777);
      const script = `import { readSiteText, replaceSite } from ${JSON.stringify(join(root, 'src/cli/bacnet/site-write.ts'))};
      await replaceSite({ err: process.stderr }, readSiteText(${JSON.stringify(file)}), '', async () => true);`;
      const user = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
      const { stderr } = spawnSync('setpriv', [...user, '--input-type=module', '-e', script], { encoding: 'utf8' });
      expect(stderr).toMatch(/site\.yaml cannot be replaced: EACCES/);
      expect(read()).toBe(siteText);
    },
  );

  test('stays of whom it is, in its group', async () => {
    const { uid, gid } = statSync(file);
    const other = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : { uid, gid };
    chownSync(file, other.uid, other.gid);
    await replaceSite(context, readSiteText(file), siteText, async () => true);
    expect(statSync(file)).toMatchObject(other);
  });

  test('of a file that is not there says so', () => {
    expect(() => readSiteText(join(folder, 'none.yaml'))).toThrow(expect.objectContaining({ kind: 'not-found' }));
  });
});

test('a change is shown with the lines around it, and nothing of it moves the cursor', () => {
  const after = siteText.replace('devices:', 'alarms: [] # \u001b[31m\ndevices:');
  expect(renderChange(siteText, after, createStyle(false))).toEqual([
    '@@ line 3 @@',
    '  gateway: {id: g1}',
    '  buses: [{id: b, protocol: modbus-tcp, host: 127.0.0.1}]',
    '+ alarms: [] # \\x1b[31m',
    '  devices: [{id: d, bus: b, points: [{id: p, coil: 0}]}]',
  ]);
});
