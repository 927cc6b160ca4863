import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Claim,
  createFinding,
  dueMonoOf,
  type Finding,
  roundMs,
  settleMs,
  stepFinding,
} from '../../../drivers/bacnet/device-finding.ts';
import type { Peer } from '../../../drivers/bacnet/peer.ts';

const iAm = { instance: 1, maxApdu: 1_476, segmentation: 'none', vendorId: 9 } as const;

function at(host: string, network = 0, mac = ''): Peer {
  return { host, port: 47_808, network, mac };
}

function claim(peer: Peer, atMono = 0): Claim {
  return { peer, iAm, atMono };
}

/** Asks when it is due, hears those that answer, and waits for the end of the round. */
function round(finding: Finding, nowMono: number, ...peers: readonly Peer[]): Finding {
  let next = stepFinding(finding, { kind: 'asked' }, nowMono);
  for (const peer of peers) next = stepFinding(next, { kind: 'claim', claim: claim(peer, nowMono) }, nowMono);
  return stepFinding(next, { kind: 'tick' }, dueMonoOf(next));
}

describe('a device that is looked for', () => {
  test('is asked for at once, and used when all that answer have been heard', () => {
    const lost = createFinding(undefined);
    expect(dueMonoOf(lost)).toBe(0);
    const asked = stepFinding(lost, { kind: 'asked' }, 0);
    expect(dueMonoOf(asked)).toBe(roundMs);
    const heard = stepFinding(asked, { kind: 'claim', claim: claim(at('10.0.0.5')) }, 200);
    expect(heard.known).toBeUndefined();
    expect(dueMonoOf(heard)).toBe(settleMs);
    const found = stepFinding(heard, { kind: 'tick' }, settleMs);
    expect(found.known?.peer).toEqual(at('10.0.0.5'));
    expect(dueMonoOf(found)).toBe(Number.POSITIVE_INFINITY);
  });

  test('is asked for ever more seldom while nobody answers', () => {
    let finding = createFinding(undefined);
    const waits: number[] = [];
    for (let count = 0, nowMono = 0; count < 7; count += 1) {
      finding = round(finding, nowMono);
      waits.push(dueMonoOf(finding) - nowMono - roundMs);
      nowMono = dueMonoOf(finding);
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  test('is nobody while two answer, and the one that is left when the other one has gone', () => {
    const both = round(createFinding(undefined), 0, at('10.0.0.5'), at('10.0.0.6'));
    expect(both.known).toBeUndefined();
    expect(both.rivals.map(({ peer }) => peer.host)).toEqual(['10.0.0.5', '10.0.0.6']);
    const again = round(both, dueMonoOf(both));
    expect(again.known).toBeUndefined();
    const one = round(again, dueMonoOf(again), at('10.0.0.6'));
    expect(one.known?.peer.host).toBe('10.0.0.6');
    expect(one.rivals).toEqual([]);
  });

  test('is one device, whichever of two routers passes on what it says', () => {
    const found = round(createFinding(undefined), 0, at('10.0.0.1', 2_001, '0c'), at('10.0.0.2', 2_001, '0c'));
    expect(found.known?.peer).toEqual(at('10.0.0.1', 2_001, '0c'));
  });
});

describe('a device that is known', () => {
  const known = round(createFinding(undefined), 0, at('10.0.0.5'));

  test('stays where it is while another one says that it is it, until all were asked', () => {
    const doubted = stepFinding(known, { kind: 'claim', claim: claim(at('10.0.0.6')) }, 20_000);
    expect(doubted.known?.peer.host).toBe('10.0.0.5');
    expect(dueMonoOf(doubted)).toBeLessThanOrEqual(20_000);
    expect(round(doubted, 20_000, at('10.0.0.5'), at('10.0.0.6')).known).toBeUndefined();
    expect(round(doubted, 20_000, at('10.0.0.6')).known?.peer.host).toBe('10.0.0.6');
    expect(round(doubted, 20_000, at('10.0.0.5')).known?.peer.host).toBe('10.0.0.5');
  });

  test('is looked for when it does not answer, and asked where it was until it is found', () => {
    const silent = stepFinding(known, { kind: 'silent' }, 20_000);
    expect(silent.known?.peer.host).toBe('10.0.0.5');
    expect(round(silent, 20_000).known?.peer.host).toBe('10.0.0.5');
    expect(round(silent, 20_000, at('10.0.0.9')).known?.peer.host).toBe('10.0.0.9');
  });

  test('is not asked for with each of a thousand claims of others', () => {
    let finding = known;
    for (let nowMono = 1_000; nowMono < 2_000; nowMono += 1) {
      finding = stepFinding(finding, { kind: 'claim', claim: claim(at(`10.0.${nowMono % 250}.9`)) }, nowMono);
    }
    expect(dueMonoOf(finding)).toBe(settleMs + 5_000);
  });
});

test('a device whose place the site file gives stays there, and others that have its number are told', () => {
  const fixed = createFinding(at('10.0.0.5'));
  const beside = stepFinding(fixed, { kind: 'claim', claim: claim(at('10.0.0.6')) }, 0);
  expect(beside.known?.peer).toEqual(at('10.0.0.5'));
  expect(beside.rivals.map(({ peer }) => peer.host)).toEqual(['10.0.0.6']);
  expect(dueMonoOf(stepFinding(beside, { kind: 'silent' }, 9))).toBe(Number.POSITIVE_INFINITY);
});

test('whatever is heard, few claims are kept, and in a round that two answer nobody is used', () => {
  const peers = fc.integer({ min: 1, max: 9 }).map(last => at(`10.0.0.${last}`));
  fc.assert(
    fc.property(fc.array(peers, { maxLength: 30 }), fc.array(peers, { minLength: 2, maxLength: 30 }), (before, now) => {
      let finding = createFinding(undefined);
      for (const [index, peer] of before.entries()) {
        finding = stepFinding(finding, { kind: 'claim', claim: claim(peer) }, index);
      }
      const after = round(finding, 60_000, ...now);
      const hosts = new Set(now.map(({ host }) => host));
      expect(after.rivals.length).toBeLessThanOrEqual(4);
      if (hosts.size === 1) expect(after.known?.peer.host).toBe(now[0]?.host);
      else expect(after.known).toBeUndefined();
    }),
  );
});
