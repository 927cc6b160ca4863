import { randomBytes } from 'node:crypto';

/** A source of randomness, injected so that jitter and simulated noise can be replayed from a seed. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number;
}

export const systemRandom: Random = { next: () => Math.random() };

/** The mulberry32 generator: tiny, and good enough for noise and jitter. Never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

/** A short id that is unique for all practical purposes: 12 characters of base 32 hold 60 bits. */
export function randomId(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  return Array.from(randomBytes(12), byte => alphabet[byte & 31]).join('');
}
