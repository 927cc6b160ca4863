/** Works through a list with a few at once, and no more of it once the signal has come. What is under way is not waited for then. */
export async function takeTurns<Item>(
  items: readonly Item[],
  lanes: number,
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
  const lane = async () => {
    for (const item of waiting) {
      if (signal.aborted) return;
      await work(item);
    }
  };
  await Promise.race([Promise.all(Array.from({ length: lanes }, lane)), aborted]);
}
