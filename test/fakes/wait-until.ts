/** Longer than anything that works takes on a busy machine. */
const deadlineMs = 25_000;

/** Waits for a condition in the real world: another process, a socket. Throws with `explain()` when it never holds. */
export async function waitUntil(isMet: () => boolean, explain: () => string): Promise<void> {
  for (let waitedMs = 0; !isMet(); waitedMs += 10) {
    if (waitedMs >= deadlineMs) throw new Error(explain());
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
