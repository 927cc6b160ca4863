/**
 * A first-in first-out queue with a named limit. When it is full, `push` refuses the new item and counts it: the caller
 * decides what that means, and `refused` makes it visible.
 */
export class BoundedQueue<Item> {
  readonly limit: number;
  refused = 0;
  #items: Item[] = [];
  #head = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** False when the queue was full and the item was not taken. */
  push(item: Item): boolean {
    if (this.length >= this.limit) {
      this.refused += 1;
      return false;
    }
    this.#items.push(item);
    return true;
  }

  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    // Taking from the front of an array is slow; the spent front is cut off only now and then.
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
