import { describe, expect, test } from 'vitest';
import { createInvokeIds, giveBackInvokeId, isUnused, takeInvokeId } from '../../../drivers/bacnet/invoke-ids.ts';
import { PeerQueues } from '../../../drivers/bacnet/peer-queues.ts';
import { peerAt } from './client-rig.ts';

describe('invoke ids', () => {
  test('go round from 1 to 255, and never are 0', () => {
    const ids = createInvokeIds(254);
    const taken = Array.from({ length: 300 }, () => {
      const id = takeInvokeId(ids, 0) ?? 0;
      giveBackInvokeId(ids, id, 0, 0);
      return id;
    });
    expect(taken.slice(0, 3)).toEqual([255, 1, 2]);
    expect([Math.min(...taken), new Set(taken).size]).toEqual([1, 255]);
  });

  test('in use or at rest are passed over; there is none when all are', () => {
    const ids = createInvokeIds(255);
    const first = takeInvokeId(ids, 0) ?? 0;
    giveBackInvokeId(ids, first, 1_000, 0);
    for (let count = 0; count < 254; count += 1) expect(takeInvokeId(ids, 0)).not.toBe(first);
    expect(takeInvokeId(ids, 999)).toBeUndefined();
    expect(takeInvokeId(ids, 1_000)).toBe(first);
  });

  test('are forgotten when none is in use and none rests', () => {
    const ids = createInvokeIds(1);
    expect(isUnused(ids, 0)).toBe(true);
    const id = takeInvokeId(ids, 0) ?? 0;
    expect(isUnused(ids, 1e9)).toBe(false);
    giveBackInvokeId(ids, id, 500, 0);
    expect([isUnused(ids, 499), isUnused(ids, 500)]).toEqual([false, true]);
  });
});

test('of more than a thousand peers only those are remembered of which an answer may still come', () => {
  let met = 0;
  const random = {
    next: () => {
      met += 1;
      return 0;
    },
  };
  const queues = new PeerQueues<string>({ perPeer: 2, inAll: 10_000 }, random);
  const peers = Array.from({ length: 1_100 }, (_, index) => peerAt(`10.0.${index >> 8}.${index & 255}`, 47_808));
  for (const [index, peer] of peers.entries()) {
    queues.add(peer, 'a request');
    const turn = queues.next(0);
    expect(turn?.item).toBe('a request');
    // The first of them owes an answer.
    if (turn) queues.end(turn.queue, turn.invokeId, index === 0 ? 5_000 : 0, 0);
  }
  expect(met).toBe(1_100);
  queues.forgetIdle(0);
  for (const peer of peers.slice(0, 10)) queues.add(peer, 'another');
  expect(met).toBe(1_109);
});
