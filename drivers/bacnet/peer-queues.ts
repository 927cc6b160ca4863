import type { Random } from '../../src/base/random.ts';
import { createInvokeIds, giveBackInvokeId, type InvokeIds, isUnused, takeInvokeId } from './invoke-ids.ts';
import { type Peer, peerKey } from './peer.ts';

export interface RequestLimits {
  /** At once to one device; most have memory for few. */
  readonly perPeer: number;
  /** At once in all. */
  readonly inAll: number;
}

/** Peers that are remembered with nothing under way; when there are more, those of which nothing rests are forgotten. */
const mostIdlePeers = 1_024;

/** What is known of one peer: what waits for its turn, and which invoke ids are in use or rest. */
export interface PeerQueue<Item> {
  readonly ids: InvokeIds;
  readonly waiting: Item[];
  inFlight: number;
}

/** A request whose turn has come. */
export interface Turn<Item> {
  readonly item: Item;
  readonly queue: PeerQueue<Item>;
  readonly invokeId: number;
}

/** Whose turn it is: each peer has a queue and an allowance, and peers take turns where the allowance of all is used up. */
export class PeerQueues<Item> {
  readonly #limits: RequestLimits;
  readonly #random: Random;
  readonly #queues = new Map<string, PeerQueue<Item>>();
  /** Those with something waiting, the one that had its turn last at the end. */
  readonly #hungry = new Set<PeerQueue<Item>>();
  #inFlight = 0;
  #waiting = 0;

  constructor(limits: RequestLimits, random: Random) {
    this.#limits = limits;
    this.#random = random;
  }

  get waiting(): number {
    return this.#waiting;
  }

  add(peer: Peer, item: Item): PeerQueue<Item> {
    const queue = this.#queueOf(peer);
    queue.waiting.push(item);
    this.#waiting += 1;
    this.#hungry.add(queue);
    return queue;
  }

  /** Takes the next item that may go out, and an invoke id for it; undefined when none may. */
  next(nowMono: number): Turn<Item> | undefined {
    if (this.#inFlight >= this.#limits.inAll) return undefined;
    for (const queue of this.#hungry) {
      if (queue.inFlight >= this.#limits.perPeer) continue;
      const invokeId = takeInvokeId(queue.ids, nowMono);
      if (invokeId === undefined) continue;
      const item = queue.waiting.shift();
      if (item === undefined) continue;
      this.#waiting -= 1;
      this.#hungry.delete(queue);
      if (queue.waiting.length > 0) this.#hungry.add(queue);
      queue.inFlight += 1;
      this.#inFlight += 1;
      return { item, queue, invokeId };
    }
    return undefined;
  }

  /** What had its turn has ended. @param freeAtMono from when on its invoke id may be used again */
  end(queue: PeerQueue<Item>, invokeId: number, freeAtMono: number, nowMono: number): void {
    queue.inFlight -= 1;
    this.#inFlight -= 1;
    giveBackInvokeId(queue.ids, invokeId, freeAtMono, nowMono);
  }

  /** What waited has ended before its turn came. */
  remove(queue: PeerQueue<Item>, item: Item): void {
    const index = queue.waiting.indexOf(item);
    if (index < 0) return;
    queue.waiting.splice(index, 1);
    this.#waiting -= 1;
    if (queue.waiting.length === 0) this.#hungry.delete(queue);
  }

  /** Keeps the memory for peers bounded. */
  forgetIdle(nowMono: number): void {
    if (this.#queues.size < mostIdlePeers) return;
    for (const [key, { inFlight, waiting, ids }] of this.#queues) {
      if (inFlight === 0 && waiting.length === 0 && isUnused(ids, nowMono)) this.#queues.delete(key);
    }
  }

  #queueOf(peer: Peer): PeerQueue<Item> {
    const key = peerKey(peer);
    const known = this.#queues.get(key);
    if (known) return known;
    const first = 1 + Math.floor(this.#random.next() * 255);
    const queue: PeerQueue<Item> = { ids: createInvokeIds(first), waiting: [], inFlight: 0 };
    this.#queues.set(key, queue);
    return queue;
  }
}
